import { getDataSourceToken } from '@nestjs/typeorm';
import { PasswordHasher } from 'nestjs-gatehouse';
// Cookies for sessions that were written straight into the table.
import { SessionCookie } from '../../dist/internals.js';
import { gatehouse, PASSWORD } from '../lib/gatehouse.mjs';
import { helloController } from '../lib/nest.mjs';
import { fastHashes } from './memory.mjs';

const DAY_MS = 86_400_000;

const USERS = `INSERT INTO users (id, email, email_canonical, email_verified_at, password_hash, created_at)
  SELECT 'u' || n, 'u' || n || '@example.com', 'u' || n || '@example.com', $2, $3, $2 FROM generate_series(1, $1) n`;
const ACCOUNTS = `INSERT INTO auth_accounts (user_id) SELECT 'u' || n FROM generate_series(1, $1) n`;
const SESSIONS = `INSERT INTO auth_sessions (id, sid, user_id, epoch, created_at, last_seen_at, expires_at, idle_ms, authenticated_at,
    fresh_until, methods, remember, csrf_seed, ip, user_agent)
  SELECT 's' || n, lpad(n::text, 22, '0'), 'u' || n, 0, $2, $2, $3, ${DAY_MS}, $2, $2, '["pwd"]', false, lpad(n::text, 22, '0'), '127.0.0.1', 'bench'
  FROM generate_series(1, $1) n`;

async function filled({ size, ...settings }) {
  const auth = { ...fastHashes, attempts: { sharedAddresses: ['127.0.0.0/8'] } };
  const { app, url } = await gatehouse({ ...settings, auth }, { controllers: [helloController()] });
  const dataSource = app.get(getDataSourceToken());
  const now = Date.now();
  const hash = await app.get(PasswordHasher, { strict: false }).hash(PASSWORD);
  await dataSource.query(USERS, [size, now, hash]);
  await dataSource.query(ACCOUNTS, [size]);
  await dataSource.query(SESSIONS, [size, now, now + DAY_MS]);
  await dataSource.query('VACUUM ANALYZE');
  const cookies = app.get(SessionCookie, { strict: false });
  const cookie = ({ from, count }) =>
    Array.from({ length: count }, (_, index) => {
      const n = from + index;
      return `auth_session=${cookies.write({ userId: `u${n}`, sid: String(n).padStart(22, '0') })}`;
    });
  return { app, url, ask: { cookies: async (range) => cookie(range) } };
}

export const contestants = { filled };
