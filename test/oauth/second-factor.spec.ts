import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../lib/testing/index.js';
import { STANDS } from '../support/app.js';
import type { Client } from '../support/client.js';
import {
  begin,
  landingOf,
  link,
  newAddress,
  newMember,
  newName,
  open,
  rowsOf,
  startHostileStand,
  whoIs,
} from './kit.js';
import type { Member, OAuthStand } from './kit.js';

const [EMBEDDED] = STANDS;
const STEP_MS = 30_000;

describe('an account with a second factor', () => {
  let stand: OAuthStand;
  let clock: TestClock;
  beforeAll(async () => {
    clock = new TestClock();
    stand = await startHostileStand({ ...EMBEDDED, clock }, { linkByVerifiedEmail: true });
  });
  afterAll(() => stand.close());

  interface Guarded extends Member {
    readonly sub: string;
    code(): string;
  }

  async function guarded(): Promise<Guarded> {
    const member = await newMember(stand.app);
    const sub = newName();
    expect((await link(member, stand.hostile, { sub })).error).toBeNull();
    const { body } = await member.client.post('/auth/totp/enroll', {});
    const totp = new TOTP({ secret: Secret.fromBase32(body.secret) });
    const code = (): string => totp.generate({ timestamp: clock.now() });
    const confirmed = await member.client.post('/auth/totp/confirm', { code: code() });
    expect(confirmed.status, confirmed.text).toBe(200);
    clock.advance(STEP_MS);
    return { ...member, sub, code };
  }

  async function comeBack(client: Client, { sub }: Guarded, query: Record<string, string> = {}) {
    const back = stand.hostile.approve(await begin(client, 'hostile', query), { sub, email: newAddress() });
    return open(client, back);
  }

  it('has no session before it has proven that too', async () => {
    const person = await guarded();
    const client = stand.app.client();
    const before = await rowsOf(stand.app);
    const answer = await comeBack(client, person, { returnTo: '/notes?page=2' });
    const landing = landingOf(answer);
    expect(landing).toMatchObject({ path: '/notes', error: null, challenge: expect.stringMatching(/^[\w.-]{20,}$/) });
    // In the fragment alone, which goes to no server and into no log.
    expect(landing.href.split('#')[0]).not.toContain(landing.challenge);
    expect(answer.setCookies.some((line) => line.includes('auth_session='))).toBe(false);
    expect(client.cookies.has('auth_session')).toBe(false);
    expect(await whoIs(client)).toBeNull();
    expect(await rowsOf(stand.app)).toEqual(before);

    const wrong = await client.post('/auth/second-factor', { challenge: landing.challenge, code: '000000' });
    expect(wrong.status).toBe(400);
    expect(await rowsOf(stand.app)).toEqual(before);
    const right = { challenge: landing.challenge, code: person.code() };
    expect((await client.post('/auth/second-factor', right)).body).toMatchObject({ status: 'signed_in' });
    expect(await whoIs(client)).toMatchObject({ id: person.id });
    expect((await client.get('/auth/session')).body.methods).toEqual(expect.arrayContaining(['oauth', 'otp', 'mfa']));
    // Whoever read the fragment cannot use it again.
    expect((await client.post('/auth/second-factor', right)).status).toBe(401);
  });

  it('is not finished in another browser', async () => {
    const person = await guarded();
    const client = stand.app.client();
    const { challenge } = landingOf(await comeBack(client, person));
    const other = stand.app.client();
    const answer = await other.post('/auth/second-factor', { challenge, code: person.code() });
    expect(answer.body.code).toBe('CHALLENGE_EXPIRED');
    expect(await whoIs(other)).toBeNull();
  });

  it('is remembered if it was asked for at the start', async () => {
    const person = await guarded();
    const client = stand.app.client();
    const { challenge } = landingOf(await comeBack(client, person, { remember: '1' }));
    const answer = await client.post('/auth/second-factor', { challenge, code: person.code() });
    expect(answer.setCookies.find((line) => line.includes('auth_session='))).toMatch(/Max-Age=\d/i);
  });

  it('is linked by its owner alone: the link would be there before the factor has been asked for', async () => {
    const person = await guarded();
    const client = stand.app.client();
    const before = await rowsOf(stand.app);
    const back = stand.hostile.approve(await begin(client, 'hostile'), { sub: newName(), email: person.email });
    expect(landingOf(await open(client, back)).error).toBe('OAUTH_LINK_REQUIRED');
    expect(await rowsOf(stand.app)).toEqual(before);
  });

  it('is not asked where the account has been disabled meanwhile', async () => {
    const person = await guarded();
    const client = stand.app.client();
    const { challenge } = landingOf(await comeBack(client, person));
    const owner = stand.app.client();
    const again = await owner.signIn(person.email);
    await owner.post('/auth/second-factor', { challenge: again.body.challenge, code: person.code() });
    expect((await owner.delete('/auth/me')).status).toBe(204);
    clock.advance(STEP_MS);
    const late = await client.post('/auth/second-factor', { challenge, code: person.code() });
    expect(late.status).toBe(401);
    expect(await whoIs(client)).toBeNull();
  });
});
