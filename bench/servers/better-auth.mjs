import { AuthModule } from '@thallesp/nestjs-better-auth';
import Database from 'better-sqlite3';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import bcrypt from 'bcrypt';
import { createClient } from 'redis';
import { helloController, listen, rootModule } from '../lib/nest.mjs';

const EMAIL = 'ada@example.com';
const PASSWORD = 'seven hinges and a bell';

/** As its own pages wire it with Nest: its guard on every route, rows in SQLite. */
export async function betterAuthApplication({ adapter, cost }, options) {
  const auth = betterAuth({
    database: new Database(':memory:'),
    baseURL: 'http://127.0.0.1:3000',
    secret: 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC',
    trustedOrigins: ['http://127.0.0.1:3000'],
    emailAndPassword: { enabled: true, ...(cost === undefined ? {} : { password: bcryptAt(cost) }) },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    ...options,
  });
  const migrations = await getMigrations(auth.options);
  await migrations.runMigrations();
  const module = rootModule({ imports: [AuthModule.forRoot({ auth })], controllers: [helloController()] });
  const { app, url } = await listen(module, adapter, { options: { bodyParser: false } });
  const answer = await fetch(`${url}/api/auth/sign-up/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: 'http://127.0.0.1:3000' },
    body: JSON.stringify({ email: EMAIL, password: PASSWORD, name: 'Ada' }),
  });
  if (answer.status !== 200) throw new Error(`sign-up: ${answer.status} ${await answer.text()}`);
  const cookies = answer.headers.getSetCookie().map((line) => line.split(';')[0]);
  const cookie = cookies.join('; ');
  const wrong = cookies.map((pair) => `${pair.split('=')[0]}=wrong`).join('; ');
  return { app, url, headers: { cookie }, wrong: { cookie: wrong } };
}

const bcryptAt = (cost) => ({
  hash: (password) => bcrypt.hash(password, cost),
  verify: ({ hash, password }) => bcrypt.compare(password, hash),
});

async function redisStorage(url) {
  const client = createClient({ url });
  await client.connect();
  return {
    get: (key) => client.get(key),
    set: (key, value, ttl) => (ttl ? client.set(key, value, { EX: ttl }) : client.set(key, value)),
    delete: (key) => client.del(key),
  };
}

export const contestants = {
  sqlite: (settings) => betterAuthApplication(settings, {}),
  redis: async (settings) => betterAuthApplication(settings, { secondaryStorage: await redisStorage(settings.redis) }),
  cookieCache: (settings) =>
    betterAuthApplication(settings, { session: { cookieCache: { enabled: true, maxAge: 300 } } }),
};
