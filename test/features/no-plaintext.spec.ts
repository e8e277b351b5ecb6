import { createHash, randomBytes } from 'node:crypto';
import { createClient } from '@redis/client';
import { afterEach, expect, it } from 'vitest';
import { Accounts, Tokens } from '../../lib/index.js';
import { MARIADB_STACK, SECRET, startApp, STACKS, type TestApp } from '../support/app.js';

const PASSWORD = 'marker-password-of-this-test';
const OTHER_PASSWORD = 'another-marker-password-here';

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

it.each([...STACKS, MARIADB_STACK])(
  'no table, key or log line holds a secret after every flow ($database, $store)',
  async (stack) => {
    const lines: string[] = [];
    const log = (...parts: unknown[]): void => void lines.push(parts.map(String).join(' '));
    running = await startApp({
      ...stack,
      hasher: 'real',
      auth: { passwords: { cost: 4 } },
      logger: { log, error: log, warn: log },
    });
    const ada = running.client();
    await ada.register('ada@example.com', PASSWORD);
    const { body } = await ada.signIn('ada@example.com', PASSWORD, { rememberMe: true });
    await ada.signIn('ada@example.com', 'a wrong password marker');
    await ada.signIn('nobody@example.com', PASSWORD);
    await ada.get('/auth/session');
    await ada.get('/auth/sessions');
    await ada.get('/auth/session', { headers: { cookie: 'auth_session=forged.marker.cookie' } });
    const tokens = await everyToken(running);
    await running.get(Accounts).setPassword(body.user.id, OTHER_PASSWORD);
    await ada.signIn('ada@example.com', OTHER_PASSWORD);
    const secrets = [
      PASSWORD,
      OTHER_PASSWORD,
      'a wrong password marker',
      'forged.marker.cookie',
      SECRET,
      ada.csrfToken!,
      ...tokens,
      ...ada.cookies.values(),
    ];

    const stored = [...(await tables(running)), ...(await keys(running.redisUrl)), ...lines].join('\n');
    expect(stored).toContain('ada@example.com');
    for (const secret of secrets) expect(stored).not.toContain(secret);
    // A part of the cookie is in the database; what signs it is nowhere.
    for (const value of ada.cookies.values()) expect(stored).not.toContain(value.split('.').at(-1));
  },
);

/** Signs in for tokens, refreshes, spends one twice, asks about one and hands one on: whatever a client got to see. */
async function everyToken(app: TestApp): Promise<string[]> {
  const client = app.client();
  const grant = { grant_type: 'password', username: 'ada@example.com', password: PASSWORD };
  const first = (await client.post('/auth/token', grant)).body;
  const headers = { authorization: `Bearer ${first.access_token}` };
  const second = (await client.post('/auth/token/refresh', { refresh_token: first.refresh_token })).body;
  await client.post('/auth/token/introspect', { token: first.access_token }, { headers });
  const who = await app.get(Tokens).verify(second.access_token);
  const verifier = randomBytes(32).toString('base64url');
  const codeChallenge = createHash('sha256').update(verifier).digest('base64url');
  const code = await app.get(Tokens).authorizationCode(who!, { codeChallenge });
  const exchange = { grant_type: 'authorization_code', code, code_verifier: verifier };
  const third = (await client.post('/auth/token', exchange)).body;
  await client.post('/auth/token/refresh', { refresh_token: second.refresh_token });
  expect((await client.post('/auth/token/refresh', { refresh_token: first.refresh_token })).status).toBe(401);
  await client.get('/auth/me', { headers: { authorization: 'Bearer marker.of.nothing' } });
  const seen = [first, second, third].flatMap((set) => [set.access_token, set.refresh_token]);
  // What signs them is nowhere either.
  const signatures = seen.map((token: string) => token.split('.').at(-1)!);
  return [...seen, ...signatures, first.device_token, third.device_token, code, verifier, 'marker.of.nothing'];
}

async function tables({ dataSource }: TestApp): Promise<string[]> {
  const names = dataSource.entityMetadatas.map(({ tablePath }) => tablePath);
  const rows = await Promise.all(names.map((name) => dataSource.query(`SELECT * FROM ${name}`)));
  return rows.map((row) => JSON.stringify(row));
}

async function keys(url: string | undefined): Promise<string[]> {
  if (url === undefined) return [];
  const client = createClient({ url });
  await client.connect();
  const found: string[] = [];
  for await (const key of client.scanIterator()) {
    const type = await client.type(key);
    const value = type === 'hash' ? JSON.stringify(await client.hGetAll(key)) : await client.get(key);
    found.push(`${key} ${value}`);
  }
  await client.disconnect();
  expect(found.length).toBeGreaterThan(0);
  return found;
}
