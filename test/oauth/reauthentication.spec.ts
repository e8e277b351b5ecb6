import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../lib/common/duration.js';
import { TestClock } from '../../lib/testing/index.js';
import { begin, federated, landingOf, newName, open, startHostileStand, whoIs, type OAuthStand } from './kit.js';
import type { Approval } from './hostile-provider.js';

let stand: OAuthStand;
let clock: TestClock;
beforeAll(async () => {
  clock = new TestClock();
  stand = await startHostileStand({ clock });
});
afterAll(() => stand.close());

/** Of the provider, whose clock is not ours. */
const nowS = (): number => Math.floor(Date.now() / 1_000);

/** Somebody without a password, whose session is no longer fresh. */
async function stale() {
  const sub = newName();
  const member = await federated(stand, { sub });
  clock.advance(6 * MINUTE_MS);
  expect((await setPassword(member.client)).body.code).toBe('REAUTHENTICATION_REQUIRED');
  return { ...member, sub };
}

const setPassword = (client: Awaited<ReturnType<typeof stale>>['client']) =>
  client.post('/auth/password/set', { password: 'correct horse battery staple' });

const provenAt =
  (seconds: unknown): Approval['claims'] =>
  (honest) => ({
    ...honest,
    iat: nowS(),
    exp: nowS() + 300,
    auth_time: seconds,
  });

describe('proving it once more at the provider', () => {
  it('makes the session fresh', async () => {
    const { client, id, email, sub } = await stale();
    const old = client.cookies.get('auth_session');
    const url = await begin(client, 'hostile', { reauthenticate: '1' });
    expect(new URL(url).searchParams.get('max_age')).toBe('0');
    const back = stand.hostile.approve(url, { sub, email, claims: provenAt(nowS()) });
    expect(landingOf(await open(client, back)).error).toBeNull();
    expect(await whoIs(client)).toMatchObject({ id });
    expect(client.cookies.get('auth_session')).not.toBe(old);
    const { csrfToken } = (await client.get('/auth/session')).body;
    client.csrfToken = csrfToken;
    expect((await setPassword(client)).status).toBe(200);
  });

  it.each([
    ['an hour ago', () => provenAt(nowS() - 3_600)],
    ['a minute before it was asked for', () => provenAt(nowS() - 60)],
    ['nobody says when', () => provenAt(undefined)],
    ['as text', () => provenAt(String(nowS()))],
  ])('is refused where it was %s', async (_when, claims) => {
    const { client, email, sub } = await stale();
    const url = await begin(client, 'hostile', { reauthenticate: '1' });
    const back = stand.hostile.approve(url, { sub, email, claims: claims() });
    expect(landingOf(await open(client, back)).error).toBe('OAUTH_FAILED');
    expect((await setPassword(client)).body.code).toBe('REAUTHENTICATION_REQUIRED');
  });

  it('is refused of somebody else', async () => {
    const { client, id } = await stale();
    const sub = newName();
    const other = await federated(stand, { sub });
    const url = await begin(client, 'hostile', { reauthenticate: '1' });
    const back = stand.hostile.approve(url, { sub, email: other.email, claims: provenAt(nowS()) });
    expect(landingOf(await open(client, back)).error).not.toBeNull();
    expect(await whoIs(client)).toMatchObject({ id });
    expect((await setPassword(client)).body.code).toBe('REAUTHENTICATION_REQUIRED');
  });

  it('is refused in a session that has ended or another one', async () => {
    const { client, email, sub } = await stale();
    const url = await begin(client, 'hostile', { reauthenticate: '1' });
    const back = stand.hostile.approve(url, { sub, email, claims: provenAt(nowS()) });
    await client.post('/auth/logout', {});
    expect(landingOf(await open(client, back)).error).not.toBeNull();
    expect(await whoIs(client)).toBeNull();
  });

  it('needs somebody who is signed in', async () => {
    const answer = await stand.app.client().get('/auth/oauth/hostile?reauthenticate=1');
    const location = answer.headers.get('location') ?? '';
    expect(location.startsWith(stand.hostile.issuer('hostile'))).toBe(false);
  });
});
