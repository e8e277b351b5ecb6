import { readdirSync, readFileSync } from 'node:fs';
import { ModulesContainer } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOpen, RouteRules } from '../../lib/access/route-rules.js';
import { RoutePaths } from '../../lib/http/route-paths.js';
import { SessionOpener } from '../../lib/sessions/session-opener.js';
import { SessionRenewal } from '../../lib/sessions/session-renewal.js';
import { SignIn } from '../../lib/sign-in/sign-in.service.js';
import { AuthorizationCodes } from '../../lib/tokens/authorization-codes.js';
import { UserDirectory } from '../../lib/users/user-directory.js';
import { ADAPTERS, PASSWORD, STACKS } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { startHostileProvider, type HostileProvider } from '../oauth/hostile-provider.js';
import { discovered, landingOf } from '../oauth/kit.js';
import { Reach } from './reach.js';
import { OTHERS, WAYS } from './ways.js';
import { expectCode, startPostOffice, type PostOffice } from '../passwordless/kit.js';
import { add, ORIGIN, signInBy, SoftKey } from '../passkeys/kit.js';
import { NativeController } from '../tokens/code-lab.js';
import { challengeOf } from '../tokens/kit.js';
import { bearer, enrol, finish, liveSessionsOf, owner, sessionCookies, type Owner } from './kit.js';

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';

describe('where a session can begin', () => {
  let office: PostOffice;
  beforeAll(async () => {
    office = await startPostOffice();
  });
  afterAll(() => office.close());

  it('is SignIn alone, and the routes that reach it are the ones that are walked here', () => {
    const reach = new Reach(office.get(ModulesContainer));
    expect(reach.holdersOf(SessionOpener)).toEqual(['SignIn']);
    const paths = RoutePaths.in(office.app);
    const routes = office
      .get(RouteRules)
      .entries()
      .filter(({ own, kind, rule }) => own && kind === 'http' && (isOpen(rule) || rule.mode === 'optional'))
      .filter(({ controller }) => {
        const reached = reach.of(controller);
        return [SignIn, SessionOpener, SessionRenewal].some((type) => reached.has(type));
      })
      .flatMap((entry) => paths.of(entry, true).map((path) => `${entry.route!.method} ${path}`));
    const listed = [...WAYS.map(({ route }) => route), ...Object.keys(OTHERS)];
    expect([...new Set(routes)].sort()).toEqual([...new Set(listed)].sort());
  });

  it('is written by services that are known', () => {
    const files = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const writers = files.filter((file) =>
      /(?:insert|save|upsert|into|create)\(\s*LoginSession\b/.test(readFileSync(`lib/${file}`, 'utf8')),
    );
    expect(writers.sort()).toEqual([
      // Begins a session of an administrator for somebody else: test/impersonation.
      'sessions/impersonated-sessions.service.ts',
      'sessions/session-opener.ts',
      'sessions/session-renewal.ts',
    ]);
  });
});

describe.each(STACKS.map((stack, index) => ({ ...stack, adapter: ADAPTERS[index]! })))(
  'an account with an authenticator ($adapter, $database, $store)',
  (stand) => {
    let office: PostOffice;
    let provider: HostileProvider;
    beforeAll(async () => {
      provider = await startHostileProvider();
      const oauth = { providers: { hostile: discovered(provider, 'hostile') } };
      office = await startPostOffice({ ...stand, controllers: [NativeController], auth: { baseUrl: ORIGIN, oauth } });
    });
    afterAll(async () => {
      await office.close();
      await provider.close();
    });

    const idsOf = async ({ id }: Owner): Promise<readonly string[]> =>
      (await liveSessionsOf(office, id)).map((session) => session.id).sort();

    it.each(WAYS)('is asked for it after $name', async ({ prepare, begin, deliver, first, route }) => {
      const who = await owner(office);
      await prepare?.({ office, provider }, who);
      const before = await idsOf(who);
      const browser = office.client();
      const asked = await begin({ office, provider }, browser, who);
      const challenge = expectAsked(asked, route);
      const given = asked.setCookies.filter((line) => !/max-age=0/i.test(line)).map((line) => line.replace(/=.*/, ''));
      expect(given).toEqual(deliver === 'cookie' ? ['auth_challenge'] : []);
      expect(await idsOf(who)).toEqual(before);
      expect((await browser.get('/auth/session')).body.user).toBeNull();
      expectCode(await finish(browser, challenge, { code: who.authenticator.wrong() }), 400, 'INVALID_CODE');
      expect(await idsOf(who)).toEqual(before);
      const done = await finish(browser, challenge, { code: who.authenticator.next() });
      expect(done.body).toMatchObject({ status: 'signed_in', user: { id: who.id } });
      expect(sessionCookies(done)).toHaveLength(deliver === 'cookie' ? 1 : 0);
      const headers = deliver === 'cookie' ? {} : bearer(done);
      const state = await browser.get('/auth/session', { headers });
      expect(state.body.methods).toEqual([first, 'otp', 'mfa']);
      expect(await idsOf(who)).toHaveLength(before.length + 1);
      const due = (await office.audit('sign_in.second_factor_due')).filter(({ subjectId }) => subjectId === who.id);
      expect(due.map(({ details }) => details)).toEqual([{ method: first, delivery: deliver }]);
    });

    it('is not asked after a passkey that has checked its owner, and no other passkey signs in', async () => {
      const who = await owner(office);
      const key = new SoftKey(ORIGIN);
      expect((await add(who.browser, key)).status).toBe(200);
      const before = await idsOf(who);
      const browser = office.client();
      const unchecked = await signInBy(browser, key, { verified: false });
      expect(unchecked.status).toBeGreaterThanOrEqual(400);
      expect(sessionCookies(unchecked)).toEqual([]);
      expect(await idsOf(who)).toEqual(before);
      expect((await signInBy(browser, key)).body.status).toBe('signed_in');
      expect((await browser.get('/auth/session')).body.methods).toEqual([expect.stringMatching(/^[hs]wk$/), 'mfa']);
    });

    it('is asked for it after a code for an application that no second factor stands behind', async () => {
      const who = await owner(office);
      const before = await idsOf(who);
      const epoch = await office.get(UserDirectory).epochOf(who.id);
      const now = office.clock.now();
      const proven = { methods: ['oauth'], authenticatedAt: now, freshUntil: now };
      const code = await office
        .get(AuthorizationCodes)
        .issue({ userId: who.id, epoch, ...proven }, challengeOf(VERIFIER));
      const asked = await redeem(office, code);
      expectAsked(asked, 'POST /auth/token');
      expect(await idsOf(who)).toEqual(before);
      const done = await finish(office.client(), asked.body.challenge, { code: who.authenticator.next() });
      expect((await office.client().get('/auth/session', { headers: bearer(done) })).body.methods).toEqual([
        'oauth',
        'otp',
        'mfa',
      ]);
    });

    it('hands on to an application what a browser has proven, and nothing from before', async () => {
      const { id, email } = await office.person();
      const [early, browser] = [office.client(), office.client()];
      for (const each of [early, browser]) await each.signIn(email);
      const make = async (from: Client) =>
        (await from.post('/native/code', { codeChallenge: challengeOf(VERIFIER) })).body;
      const codes = [(await make(early)).code as string, (await make(browser)).code as string];
      const { authenticator } = await enrol(office.clock, browser);
      const asked = [await redeem(office, codes[0]!), await redeem(office, codes[1]!)];
      for (const { body } of asked) {
        const late = await finish(office.client(), body.challenge, { code: authenticator.next() });
        expectCode(late, 401, 'CHALLENGE_EXPIRED');
      }
      expect(await liveSessionsOf(office, id)).toHaveLength(1);
      const done = await redeem(office, (await make(browser)).code);
      expect((await office.client().get('/auth/session', { headers: bearer(done) })).body.methods).toEqual([
        'pwd',
        'otp',
        'mfa',
      ]);
    });

    it('refreshing goes on with what was proven, and with nothing from before', async () => {
      const { email } = await office.person();
      const tokens = async () => office.client().signIn(email, PASSWORD, { deliver: 'tokens' });
      const refresh = ({ body }: Answer) =>
        office.client().post('/auth/token/refresh', { refresh_token: body.refresh_token });
      const [stale, used] = [await tokens(), await tokens()];
      const browser = office.client();
      await browser.signIn(email);
      const { authenticator } = await enrol(office.clock, browser);
      for (const early of [stale, used]) {
        expectCode(await refresh(early), 401, 'INVALID_REFRESH_TOKEN');
        expectCode(await browser.get('/auth/me', { headers: bearer(early) }), 401, 'INVALID_ACCESS_TOKEN');
      }
      const asked = await tokens();
      const done = await finish(office.client(), asked.body.challenge, { code: authenticator.next() });
      let latest = done;
      for (let turn = 0; turn < 2; turn += 1) {
        latest = await refresh(latest);
        const state = await office.client().get('/auth/session', { headers: bearer(latest) });
        expect(state.body.methods).toEqual(['pwd', 'otp', 'mfa']);
      }
    });
  },
);

/** No session, no token, nothing but the way to go on. */
function expectAsked(answer: Answer, route: string): string {
  if (route.includes('/oauth/')) {
    expect(answer.text).not.toMatch(/csrfToken|access_token/);
    return landingOf(answer).challenge ?? '';
  }
  const common = { challenge: expect.stringMatching(/^[\w-]{43}$/), methods: ['code', 'recoveryCode'] };
  const expiresAt = expect.any(String);
  if (route === 'POST /auth/token') {
    const problem = { statusCode: 403, code: 'MFA_REQUIRED', error: 'mfa_required' };
    const said = { message: expect.any(String), error_description: expect.any(String) };
    expect(answer.status).toBe(403);
    expect(answer.body).toEqual({ ...problem, ...said, ...common, expiresAt });
  } else {
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ status: 'second_factor', ...common, expiresAt });
  }
  return answer.body.challenge as string;
}

const redeem = (office: PostOffice, code: string): Promise<Answer> =>
  office.client().post('/auth/token', { grant_type: 'authorization_code', code, code_verifier: VERIFIER });
