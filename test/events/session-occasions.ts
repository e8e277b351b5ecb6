import { expect } from 'vitest';
import { Principal, Tokens } from '../../lib/index.js';
import { LoginSession } from '../../lib/sessions/login-session.entity.js';
import type { TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';
import { challengeOf } from '../tokens/kit.js';
import { expectStatus } from './kit.js';
import { times, type Occasion } from './trail.js';

export const SESSIONS: readonly Occasion[] = [
  {
    what: 'signing out, twice',
    events: ['session.ended'],
    signedIn: true,
    run: async (_trail, { browser }) => {
      const cookie = browser.cookieHeader();
      expectStatus(await browser.post('/auth/logout'), 204);
      expectStatus(await browser.post('/auth/logout', undefined, { headers: { cookie } }), 204);
    },
  },
  {
    what: 'ending another session, twice',
    events: ['session.revoked'],
    signedIn: true,
    given: (trail, person) => trail.signIn(person),
    run: async (_trail, { browser }) => {
      const { items } = (await browser.get('/auth/sessions')).body;
      const { id } = items.find(({ current }: { current: boolean }) => !current);
      expectStatus(await browser.delete(`/auth/sessions/${id}`), 204);
      expectStatus(await browser.delete(`/auth/sessions/${id}`), 404);
    },
  },
  {
    what: 'ending all others, twice',
    events: ['session.all_revoked'],
    signedIn: true,
    given: (trail, person) => times(2, () => trail.signIn(person)),
    run: async (_trail, { browser }) => {
      expect((await browser.delete('/auth/sessions')).body).toEqual({ revoked: 2 });
      expect((await browser.delete('/auth/sessions')).body).toEqual({ revoked: 0 });
    },
  },
  {
    what: 'ending all sessions',
    events: ['session.all_revoked'],
    signedIn: true,
    run: async (_trail, { browser }) => expectStatus(await browser.delete('/auth/sessions?keepCurrent=false'), 200),
  },
  {
    what: 'revoking a token, twice',
    events: ['session.revoked', 'sign_in.succeeded'],
    run: async (trail, person) => {
      const { refresh_token: token } = await trail.tokens(person);
      for (let again = 0; again < 2; again += 1)
        expectStatus(await trail.app.client().post('/auth/token/revoke', { token }), 200);
    },
  },
  {
    what: 'a refresh, and another in its grace',
    events: ['sign_in.succeeded'],
    run: async (trail, person) => {
      const { refresh_token } = await trail.tokens(person);
      for (let again = 0; again < 2; again += 1) expectStatus(await trail.refresh(refresh_token), 200);
    },
  },
  {
    what: 'one in its grace from elsewhere',
    events: ['refresh.grace_other_client', 'sign_in.succeeded'],
    run: async (trail, person) => {
      const { refresh_token } = await trail.tokens(person);
      expectStatus(await trail.refresh(refresh_token), 200);
      await trail.app.dataSource.getRepository(LoginSession).update({ userId: person.id }, { ip: '192.0.2.1' });
      expectStatus(await trail.refresh(refresh_token, { 'user-agent': 'another' }), 200);
    },
  },
  {
    what: 'a spent refresh token, thirty times at once',
    events: ['refresh.reused', 'sign_in.succeeded'],
    letters: ['refresh-token-reused'],
    run: async (trail, person) => {
      const { refresh_token } = await trail.tokens(person);
      const second = expectStatus(await trail.refresh(refresh_token), 200).body.refresh_token;
      const third = expectStatus(await trail.refresh(second), 200).body.refresh_token;
      trail.keep(second, third);
      await times(30, async () => expectStatus(await trail.refresh(refresh_token), 401));
    },
  },
  {
    what: 'a veto of a refresh',
    events: ['refresh.refused', 'sign_in.succeeded'],
    run: async (trail, person) => {
      const { refresh_token } = await trail.tokens(person);
      trail.hooks.veto = () => false;
      expectStatus(await trail.refresh(refresh_token), 403);
    },
  },
  {
    what: 'a code that a browser hands to an application, used twice',
    events: ['session.revoked', 'sign_in.succeeded'],
    signedIn: true,
    run: async (trail, { browser }) => {
      const verifier = 'v'.repeat(43);
      const code = await codeOf(trail.app, browser, challengeOf(verifier));
      const grant = { grant_type: 'authorization_code', code, code_verifier: verifier };
      trail.keep(code);
      const { body } = expectStatus(await trail.app.client().post('/auth/token', grant), 200);
      trail.keep(body.access_token, body.refresh_token);
      expectStatus(await trail.app.client().post('/auth/token', grant), 401);
    },
  },
  {
    what: 'refusals of two routes, five times each',
    events: ['access.refused', 'access.refused'],
    signedIn: true,
    run: async (_trail, { browser }) => {
      for (const path of ['/reports', '/ledger']) {
        await times(5, async () => expectStatus(await browser.get(path), 403));
      }
    },
  },
  {
    what: 'what is no event',
    events: [],
    signedIn: true,
    run: async (trail, { browser }) => {
      for (const path of ['/whoami', '/auth/session', '/auth/me', '/auth/sessions'])
        expectStatus(await browser.get(path), 200);
      expectStatus(await trail.app.client().get('/reports'), 401);
      expectStatus(await browser.post('/auth/logout', undefined, { csrf: false }), 403);
    },
  },
];

async function codeOf(app: TestApp, browser: Client, codeChallenge: string): Promise<string> {
  const { body } = await browser.get('/auth/session');
  const [current] = (await browser.get('/auth/sessions')).body.items;
  const principal = Principal.of({
    userId: body.user.id,
    via: 'session',
    sessionId: current.id,
    roles: [],
    permissions: [],
    scopes: undefined,
    emailVerified: true,
    methods: ['pwd'],
    authenticatedAt: Date.parse(current.createdAt),
    freshUntil: Date.parse(body.freshUntil),
    expiresAt: Date.parse(body.expiresAt),
    impersonatorId: undefined,
  });
  return app.get(Tokens).authorizationCode(principal, { codeChallenge });
}
