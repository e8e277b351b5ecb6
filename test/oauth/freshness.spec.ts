import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../lib/common/duration.js';
import { oauth2, oidc } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { federated, link, newAddress, newMember, newName, startHostileStand, through, whoIs } from './kit.js';
import { startHostileProvider, type Approval, type HostileProvider } from './hostile-provider.js';
import type { OAuthStand } from './kit.js';
import type { Client } from '../support/client.js';

let stand: OAuthStand;
let plain: HostileProvider;
let clock: TestClock;
beforeAll(async () => {
  clock = new TestClock();
  plain = await startHostileProvider();
  const { clientId, clientSecret } = plain;
  const profile = (user: Record<string, unknown>) => ({
    subject: user['sub'] as string,
    email: user['email'] as string,
    emailVerified: true,
  });
  const providers = {
    plain: oauth2({ ...plain.endpoints('plain'), issuer: plain.issuer('plain'), clientId, clientSecret, profile }),
    keeping: oidc({ issuer: plain.issuer('keeping'), clientId, clientSecret, storeTokens: true }),
  };
  stand = await startHostileStand({ clock }, { providers });
});
afterAll(async () => {
  await stand.close();
  await plain.close();
});

/** `auth_time`, so long before the application's now. */
const signedInThere =
  (beforeMs: number): Approval['claims'] =>
  (honest) => ({ ...honest, auth_time: Math.floor((clock.now() - beforeMs) / SECOND_MS) });

const silent: Approval['claims'] = (honest) => ({ ...honest, auth_time: undefined });

async function isFresh(client: Client): Promise<boolean> {
  const { csrfToken, freshUntil } = (await client.get('/auth/session')).body;
  client.csrfToken = csrfToken;
  return Date.parse(freshUntil) > clock.now();
}

async function expectStale(client: Client): Promise<void> {
  expect(await isFresh(client)).toBe(false);
  const answer = await client.post('/auth/password/set', { password: 'correct horse battery staple' });
  expect([answer.status, answer.body.code]).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
}

/** Somebody whose session is no longer fresh. */
async function stale() {
  const sub = newName();
  const member = await federated(stand, { sub });
  clock.advance(6 * MINUTE_MS);
  await expectStale(member.client);
  return { ...member, sub };
}

describe('a round trip to a provider where the user is signed in', () => {
  it('makes no stale session fresh, and moves nothing else', async () => {
    const { client, email, sub, id } = await stale();
    const landing = await through(client, stand.hostile, { sub, email, claims: signedInThere(DAY_MS) });
    expect(landing.error).toBeNull();
    expect(await whoIs(client)).toMatchObject({ id });
    await expectStale(client);
    const sql = `SELECT authenticated_at AS at FROM auth_sessions WHERE user_id = '${id}' AND revoked_at IS NULL`;
    expect((await stand.app.dataSource.query(sql)).map(({ at }: { at: unknown }) => Number(at))).toEqual([clock.now()]);
  });

  it('is as fresh as the sign-in there', async () => {
    const { client, email, sub } = await stale();
    await through(client, stand.hostile, { sub, email, claims: signedInThere(2 * MINUTE_MS) });
    expect(await isFresh(client)).toBe(true);
    clock.advance(4 * MINUTE_MS);
    await expectStale(client);
  });

  it('is no fresher than the session of the browser where nobody says when', async () => {
    const { client, email, sub } = await stale();
    await through(client, stand.hostile, { sub, email, claims: silent });
    await expectStale(client);
    const other = stand.app.client();
    await through(other, stand.hostile, { sub, email, claims: silent });
    expect(await isFresh(other)).toBe(true);
  });

  it('nor where the provider has no way to say it', async () => {
    const client = stand.app.client();
    const person = { sub: newName(), email: newAddress(), withoutIdToken: true };
    await through(client, plain, person, { provider: 'plain' });
    expect(await isFresh(client)).toBe(true);
    clock.advance(6 * MINUTE_MS);
    expect((await through(client, plain, person, { provider: 'plain' })).error).toBeNull();
    await expectStale(client);
  });

  it('is fresh where it has just made the account', async () => {
    const { client } = await federated(stand, { claims: signedInThere(DAY_MS) });
    expect(await isFresh(client)).toBe(true);
  });

  it.each([
    [120, 'OAUTH_FAILED'],
    [30, null],
  ])('is refused from the future: %i s ahead is %s', async (seconds, error) => {
    const { client, email, sub } = await stale();
    const claims = signedInThere(-seconds * SECOND_MS);
    expect((await through(client, stand.hostile, { sub, email, claims })).error).toBe(error);
    if (error !== null) await expectStale(client);
  });
});

describe('tokens of a provider that are kept', () => {
  it.each([
    [16_000, null],
    [16_400, 'OAUTH_FAILED'],
  ])('%i bytes: %s', async (length, error) => {
    const approval = { sub: newName(), email: newAddress(), refreshToken: 'x'.repeat(length) };
    const client = stand.app.client();
    expect((await through(client, plain, approval, { provider: 'keeping' })).error).toBe(error);
    expect((await whoIs(client)) === null).toBe(error !== null);
    // Nobody keeps them: nobody minds.
    const other = { ...approval, sub: newName(), email: newAddress() };
    expect((await through(stand.app.client(), stand.hostile, other)).error).toBeNull();
  });

  it('an identity is not used by a sign-in that waits for its second factor', async () => {
    const member = await newMember(stand.app);
    const sub = newName();
    expect((await link(member, stand.hostile, { sub })).error).toBeNull();
    const used = async (): Promise<number> => {
      const sql = `SELECT last_used_at AS at FROM auth_identities WHERE user_id = '${member.id}'`;
      return Number((await stand.app.dataSource.query(sql))[0].at);
    };
    clock.advance(MINUTE_MS);
    const before = await used();
    await through(stand.app.client(), stand.hostile, { sub, email: newAddress() });
    expect(await used()).toBeGreaterThan(before);
    const fresh = stand.app.client();
    await fresh.signIn(member.email);
    const { secret } = (await fresh.post('/auth/totp/enroll', {})).body;
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: clock.now() });
    expect((await fresh.post('/auth/totp/confirm', { code })).status).toBe(200);
    const after = await used();
    clock.advance(MINUTE_MS);
    const { challenge } = await through(stand.app.client(), stand.hostile, { sub, email: newAddress() });
    expect(challenge).not.toBeNull();
    expect(await used()).toBe(after);
  });
});
