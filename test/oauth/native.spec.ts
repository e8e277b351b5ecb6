import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STANDS } from '../support/app.js';
import type { Client } from '../support/client.js';
import {
  begin,
  landingOf,
  newAddress,
  newName,
  open,
  rowsOf,
  startHostileStand,
  whoIs,
  type OAuthStand,
} from './kit.js';

const [EMBEDDED] = STANDS;
const SCHEME = 'com.example.notes://signed-in';

const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

describe('a native application', () => {
  let stand: OAuthStand;
  beforeAll(async () => {
    stand = await startHostileStand(
      { ...EMBEDDED },
      { nativeRedirects: [SCHEME, 'http://127.0.0.1/done', 'http://[::1]/done'] },
    );
  });
  afterAll(() => stand.close());

  const verifier = (): string => randomBytes(32).toString('base64url');

  /** As the browser that the application has opened. */
  async function codeFor(
    secret: string,
    returnTo = SCHEME,
  ): Promise<{ code: string | null; browser: Client; href: string }> {
    const { app, hostile } = stand;
    const browser = app.client();
    const query = { deliver: 'tokens', code_challenge: challengeOf(secret), returnTo };
    const back = hostile.approve(await begin(browser, 'hostile', query), { sub: newName(), email: newAddress() });
    const { code, href } = landingOf(await open(browser, back));
    return { code, browser, href };
  }

  const redeem = (code: string | null, code_verifier: string) =>
    stand.app.client().post('/auth/token', { grant_type: 'authorization_code', code, code_verifier });

  it('gets a code for its own verifier, and tokens for that', async () => {
    const secret = verifier();
    const before = await rowsOf(stand.app);
    const { code, browser, href } = await codeFor(secret);
    expect(href).toMatch(/^com\.example\.notes:\/\/signed-in\/?\?code=/);
    // The browser is not signed in: the application will be.
    expect(await whoIs(browser)).toBeNull();
    expect((await rowsOf(stand.app))['auth_sessions']).toBe(before['auth_sessions']);

    const answer = await redeem(code, secret);
    expect(answer.body).toMatchObject({ token_type: 'Bearer', access_token: expect.any(String) });
    const bearer = { headers: { authorization: `Bearer ${answer.body.access_token}` } };
    expect((await stand.app.client().get('/auth/me', bearer)).status).toBe(200);
    expect((await redeem(code, secret)).status).toBe(401);
  });

  it.each(['http://127.0.0.1:49152/done', 'http://[::1]:49152/done'])(
    'may listen on loopback: %s',
    async (returnTo) => {
      const secret = verifier();
      const { code, href } = await codeFor(secret, returnTo);
      expect(href).toContain(returnTo);
      expect((await redeem(code, secret)).status).toBe(200);
    },
  );

  it('gets nothing with another verifier', async () => {
    const secret = verifier();
    const { code } = await codeFor(secret);
    const { body, status } = await redeem(code, verifier());
    expect([status, body.error]).toEqual([401, 'invalid_grant']);
    expect((await redeem(code, secret)).status).toBe(401);
  });

  it.each([
    ['a scheme that is not registered', { returnTo: 'com.evil.app://signed-in' }],
    ['another place in the scheme', { returnTo: 'com.example.notes://elsewhere' }],
    ['a registered one as a prefix', { returnTo: `${SCHEME}.evil.example` }],
    ['a site', { returnTo: 'https://evil.example/' }],
    ['a registered one with a tab in it', { returnTo: 'http://127.0.0.1:49152/do\tne' }],
    ['a registered one with a line end in it', { returnTo: 'http://127.0.0.1:49152/\r\ndone' }],
    ['a registered one with a backslash', { returnTo: 'http://127.0.0.1:49152\\done' }],
    ['a registered one behind a blank', { returnTo: ' http://127.0.0.1:49152/done' }],
    ['an empty challenge', { code_challenge: '' }],
    ['no challenge', { code_challenge: undefined }],
    ['a challenge that is no hash', { code_challenge: 'short' }],
    ['the challenge twice as long', { code_challenge: 'x'.repeat(86) }],
    ['another method', { code_challenge_method: 'plain' }],
  ])('is refused with %s', async (_what, wrong) => {
    const asked = { deliver: 'tokens', code_challenge: challengeOf(verifier()), returnTo: SCHEME, ...wrong };
    const query = Object.entries(asked).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const client = stand.app.client();
    const answer = await client.get(`/auth/oauth/hostile?${new URLSearchParams(query).toString()}`);
    expect([400, 302]).toContain(answer.status);
    const location = answer.headers.get('location') ?? '';
    expect(location.startsWith(stand.hostile.issuer('hostile')), location).toBe(false);
    expect(location).not.toMatch(/evil|elsewhere/);
  });

  it('is told what went wrong in the same place', async () => {
    const browser = stand.app.client();
    const query = { deliver: 'tokens', code_challenge: challengeOf(verifier()), returnTo: SCHEME };
    const url = await begin(browser, 'hostile', query);
    const back = stand.hostile.approve(url, { redirect: { error: 'access_denied', code: undefined } });
    expect(landingOf(await open(browser, back)).href).toMatch(
      /^com\.example\.notes:\/\/signed-in\/?\?error=OAUTH_CANCELLED/,
    );
  });
});
