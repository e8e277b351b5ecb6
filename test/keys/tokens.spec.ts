import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../lib/testing/index.js';
import { startApp, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import { newPerson, type Person } from '../sessions/kit.js';
import type { Values } from './fleet.js';
import { newSecret } from './kit.js';

const MINUTE_MS = 60_000;
const [OLD, NEW] = [newSecret(), newSecret()];

let redis: PrivateRedis;
let clock: TestClock;
let before: TestApp;
let person: Person;
const later: TestApp[] = [];

beforeAll(async () => {
  redis = await startRedis();
  clock = new TestClock();
  before = await startApp({ database: 'postgres', redisUrl: redis.url, clock, auth: { secret: OLD } });
});
afterAll(async () => {
  await before.close();
  await redis.stop();
});
afterEach(async () => {
  await Promise.all(later.splice(0).map((app) => app.close()));
});

/** The application as it is after its next deployment. */
async function after(auth: Values): Promise<TestApp> {
  const app = await startApp({ databaseUrl: before.databaseUrl!, redisUrl: redis.url, clock, auth });
  later.push(app);
  return app;
}

async function newTokens(): Promise<{ access_token: string; refresh_token: string; device_token: string }> {
  person = await newPerson(before);
  return (await before.client().signIn(person.email, undefined, { deliver: 'tokens' })).body;
}

const refresh = (app: TestApp, refresh_token: string): Promise<Answer> =>
  app.client().post('/auth/token/refresh', { refresh_token });
const me = (app: TestApp, token: string): Promise<Answer> =>
  app.client().get('/auth/me', { headers: { authorization: `Bearer ${token}` } });
const partsOf = ({ body }: Answer) => {
  const [user, sid, generation, kid] = (body.refresh_token as string).split('.');
  return { family: `${user}.${sid}`, generation: Number(generation), kid };
};
const inTenMinutes = () => new Date(clock.now() + 10 * MINUTE_MS).toISOString();

describe('tokens of an accepted secret', () => {
  it('verify, and what replaces them is of the new one', async () => {
    const { access_token, refresh_token } = await newTokens();
    const app = await after({ secret: NEW, acceptedSecrets: [{ secret: OLD, notAfter: inTenMinutes() }] });
    expect((await me(app, access_token)).status).toBe(200);
    const refreshed = await refresh(app, refresh_token);
    const alone = await after({ secret: NEW });
    expect((await me(alone, access_token)).status).toBe(401);
    expect((await me(alone, refreshed.body.access_token)).status).toBe(200);
    expect((await refresh(alone, refreshed.body.refresh_token)).status).toBe(200);
  });

  it('get the same generation in the grace, whichever secret signs it', async () => {
    const { refresh_token } = await newTokens();
    const lost = await refresh(before, refresh_token);
    const app = await after({ secret: NEW, acceptedSecrets: [{ secret: OLD, notAfter: inTenMinutes() }] });
    const again = await refresh(app, refresh_token);
    expect(partsOf(again)).toMatchObject({ family: partsOf(lost).family, generation: 1 });
    expect(partsOf(again).kid).not.toBe(partsOf(lost).kid);
    // Both spell one generation: the one that comes second is answered as the one before, not as reuse.
    expect(partsOf(await refresh(app, lost.body.refresh_token)).generation).toBe(2);
    expect(partsOf(await refresh(app, again.body.refresh_token)).generation).toBe(2);
  });

  it('are told as spent ones under either secret', async () => {
    const { refresh_token } = await newTokens();
    const app = await after({ secret: NEW, acceptedSecrets: [{ secret: OLD, notAfter: inTenMinutes() }] });
    const next = (await refresh(app, refresh_token)).body.refresh_token;
    const current = (await refresh(app, next)).body.refresh_token;
    expect((await refresh(app, refresh_token)).body.code).toBe('REFRESH_TOKEN_REUSED');
    expect((await refresh(app, current)).body.code).toBe('INVALID_REFRESH_TOKEN');
  });

  it('are none of ours after its end: no reuse, and nothing ends by them', async () => {
    const neverSeen = (await newTokens()).access_token;
    const { access_token, refresh_token } = await newTokens();
    const app = await after({ secret: NEW, acceptedSecrets: [{ secret: OLD, notAfter: inTenMinutes() }] });
    const next = (await refresh(app, refresh_token)).body.refresh_token;
    const current = (await refresh(app, next)).body.refresh_token;
    expect((await me(app, access_token)).status).toBe(200);
    clock.advance(10 * MINUTE_MS);
    for (const token of [access_token, neverSeen]) {
      expect((await me(app, token)).body.code).toBe('INVALID_ACCESS_TOKEN');
    }
    expect((await refresh(app, refresh_token)).body.code).toBe('INVALID_REFRESH_TOKEN');
    expect((await app.client().post('/auth/token/revoke', { token: refresh_token })).status).toBe(200);
    expect((await refresh(app, current)).status).toBe(200);
  });

  it('are refused at once when it only unseals, with its signature alone checked too', async () => {
    const { access_token, refresh_token } = await newTokens();
    for (const checking of ['session', 'signature'] as const) {
      const app = await after({ secret: NEW, acceptedSecrets: [{ secret: OLD, use: 'unseal' }], tokens: { checking } });
      expect((await me(app, access_token)).body.code).toBe('INVALID_ACCESS_TOKEN');
      expect((await refresh(app, refresh_token)).body.code).toBe('INVALID_REFRESH_TOKEN');
    }
  });

  it('go on for clients without cookies: the device token is known, and replaced', async () => {
    const { device_token } = await newTokens();
    const app = await after({ secret: NEW, acceptedSecrets: [{ secret: OLD, notAfter: inTenMinutes() }] });
    const again = await app.client().signIn(person.email, undefined, { deliver: 'tokens', deviceToken: device_token });
    const deviceIdOf = (token: string) =>
      (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as string[][])[0]![1];
    expect(again.body.device_token).not.toBe(device_token);
    expect(deviceIdOf(again.body.device_token)).toBe(deviceIdOf(device_token));
  });
});
