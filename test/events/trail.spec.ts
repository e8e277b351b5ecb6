import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AuthHooks, Principal, Sessions, Tokens, type AuthEventType, type BeforeSignIn } from '../../lib/index.js';
import { KnownDevices } from '../../lib/attempts/known-devices.js';
import { LoginSession } from '../../lib/sessions/login-session.entity.js';
import { PasswordRecord } from '../../lib/sign-in/password-record.service.js';
import { TestClock } from '../../lib/testing/index.js';
import { Account } from '../../lib/users/account.entity.js';
import { PASSWORD, startApp, STACKS, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';
import { challengeOf } from '../tokens/kit.js';
import { expectStatus, GuardedRoutes, lettersOf, Lines, newPerson, rowsOf, traceOf, typesOf } from './kit.js';

const WRONG = 'a wrong password altogether';

interface Known {
  readonly id: string;
  readonly email: string;
  /** Signed in, for those that ask for it. */
  readonly browser: Client;
}

interface Operation {
  readonly what: string;
  readonly events: readonly AuthEventType[];
  /** Kinds of the letters that follow. */
  readonly letters?: readonly string[];
  readonly signedIn?: boolean;
  /** Before it is looked at. */
  readonly given?: (person: Known) => Promise<unknown>;
  readonly run: (person: Known) => Promise<unknown>;
}

class Hooks extends AuthHooks {
  veto: (signIn: BeforeSignIn) => Promise<boolean | void> | boolean | void = () => undefined;
  override beforeSignIn(signIn: BeforeSignIn): Promise<boolean | void> | boolean | void {
    return this.veto(signIn);
  }
}

describe.each([
  { adapter: 'express' as const, ...STACKS[0]! },
  { adapter: 'fastify' as const, ...STACKS[1]! },
])('the trail on $adapter, $database and $store', (stack) => {
  let app: TestApp;
  let hooks: Hooks;
  const clock = new TestClock();
  const lines = new Lines();
  const secrets = new Set<string>([PASSWORD, WRONG]);

  beforeAll(async () => {
    app = await startApp({
      ...stack,
      clock,
      logger: lines,
      controllers: [GuardedRoutes],
      auth: {
        jobs: 'manual',
        emailVerification: 'required',
        rateLimits: { multiplier: 1_000 },
        attempts: { sharedAddresses: ['127.0.0.0/8'] },
      },
      override: (builder) => builder.overrideProvider(AuthHooks).useClass(Hooks),
    });
    hooks = app.get(AuthHooks) as Hooks;
  });
  afterAll(() => app.close());
  beforeEach(() => {
    hooks.veto = () => undefined;
  });

  const keep = (...values: readonly (string | undefined)[]): void =>
    values.forEach((value) => value !== undefined && secrets.add(value));

  async function signIn(person: Pick<Known, 'email'>, browser = app.client(), more: object = {}): Promise<Client> {
    const { body } = expectStatus(await browser.signIn(person.email, PASSWORD, more), 200);
    keep(...browser.cookies.values(), body.csrfToken, body.access_token, body.refresh_token);
    return browser;
  }

  async function tokens({ email }: Pick<Known, 'email'>): Promise<{ refresh_token: string; access_token: string }> {
    const grant = { grant_type: 'password', username: email, password: PASSWORD };
    const { body } = expectStatus(await app.client().post('/auth/token', grant), 200);
    keep(body.access_token, body.refresh_token, body.device_token);
    return body;
  }

  const refresh = (refresh_token: string, headers = {}) =>
    app.client().post('/auth/token/refresh', { refresh_token }, { headers });

  const times = (count: number, work: (index: number) => Promise<unknown>): Promise<unknown[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => work(index)));

  async function fail({ email }: { email: string }, count = 1): Promise<void> {
    for (let tries = 0; tries < count; tries += 1) expectStatus(await app.client().signIn(email, WRONG), 401);
  }

  const operations: readonly Operation[] = [
    { what: 'a first sign-in', events: ['sign_in.succeeded'], run: (person) => signIn(person) },
    {
      what: 'a sign-in from another browser',
      events: ['sign_in.succeeded'],
      letters: ['new-device'],
      signedIn: true,
      run: (person) => signIn(person),
    },
    {
      what: 'a sign-in from a known browser, which gives up the session before',
      events: ['session.ended', 'sign_in.succeeded'],
      signedIn: true,
      run: (person) => signIn(person, person.browser),
    },
    { what: 'a first sign-in for tokens', events: ['sign_in.succeeded'], run: tokens },
    { what: 'a wrong password', events: ['sign_in.failed'], run: (person) => fail(person) },
    {
      what: 'a wrong password for nobody',
      events: ['sign_in.failed'],
      run: () => fail({ email: `nobody-${clock.now()}@example.com` }),
    },
    {
      what: 'five wrong passwords and three more',
      events: [...new Array<AuthEventType>(5).fill('sign_in.failed'), 'sign_in.locked'],
      letters: ['unlock'],
      run: async (person) => {
        await fail(person, 5);
        for (const password of [WRONG, PASSWORD, WRONG])
          expectStatus(await app.client().signIn(person.email, password), 429);
      },
    },
    {
      what: 'the same for nobody',
      events: [...new Array<AuthEventType>(5).fill('sign_in.failed'), 'sign_in.locked'],
      letters: ['unlock'],
      run: async () => {
        const nobody = { email: 'nobody-locked@example.com' };
        await fail(nobody, 5);
        expectStatus(await app.client().signIn(nobody.email, WRONG), 429);
      },
    },
    {
      what: 'the hundredth wrong password in a row, and the one after it',
      events: ['sign_in.failed', 'sign_in.failed', 'sign_in.stopped'],
      letters: ['unlock'],
      given: ({ id }) => app.dataSource.getRepository(Account).update({ userId: id }, { failedInRow: 99 }),
      run: (person) => fail(person, 2),
    },
    {
      what: 'thirty wrong passwords that count the hundredth at once',
      events: [...new Array<AuthEventType>(30).fill('sign_in.failed'), 'sign_in.stopped'],
      letters: ['unlock'],
      given: ({ id }) => app.dataSource.getRepository(Account).update({ userId: id }, { failedInRow: 80 }),
      run: ({ id, email }) =>
        times(30, async () =>
          app.get(PasswordRecord).countFailure({
            userId: id,
            identifier: email,
            client: { address: '192.0.2.1', userAgent: 'test' },
            locale: 'en',
            devices: new KnownDevices([]),
            byBrowser: false,
            lockedForMs: 0,
            unverified: false,
          }),
        ),
    },
    {
      what: 'a veto',
      events: ['sign_in.refused'],
      run: async ({ email }) => {
        hooks.veto = () => false;
        expectStatus(await app.client().signIn(email), 403);
      },
    },
    {
      what: 'a password that changes while it is being looked at',
      events: ['sign_in.failed'],
      run: async ({ id, email }) => {
        hooks.veto = async () => {
          await app.dataSource.getRepository(Account).update({ userId: id }, { epoch: 17 });
        };
        expectStatus(await app.client().signIn(email), 401);
      },
    },
    {
      what: 'the right password of an address that nobody has proven',
      events: ['sign_in.failed'],
      letters: ['unverified-sign-in'],
      given: ({ id }) => app.dataSource.query(`UPDATE users SET email_verified_at = NULL WHERE id = '${id}'`),
      run: async ({ email }) => expectStatus(await app.client().signIn(email), 401),
    },
    {
      what: 'a wrong one',
      events: ['sign_in.failed'],
      given: ({ id }) => app.dataSource.query(`UPDATE users SET email_verified_at = NULL WHERE id = '${id}'`),
      run: (person) => fail(person),
    },
    {
      what: 'signing out, twice',
      events: ['session.ended'],
      signedIn: true,
      run: async ({ browser }) => {
        const cookie = browser.cookieHeader();
        expectStatus(await browser.post('/auth/logout'), 204);
        expectStatus(await browser.post('/auth/logout', undefined, { headers: { cookie } }), 204);
      },
    },
    {
      what: 'ending another session, twice',
      events: ['session.revoked'],
      signedIn: true,
      given: (person) => signIn(person),
      run: async ({ browser }) => {
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
      given: (person) => times(2, () => signIn(person)),
      run: async ({ browser }) => {
        expect((await browser.delete('/auth/sessions')).body).toEqual({ revoked: 2 });
        expect((await browser.delete('/auth/sessions')).body).toEqual({ revoked: 0 });
      },
    },
    {
      what: 'ending all sessions',
      events: ['session.all_revoked'],
      signedIn: true,
      run: async ({ browser }) => expectStatus(await browser.delete('/auth/sessions?keepCurrent=false'), 200),
    },
    {
      what: 'revoking a token, twice',
      events: ['session.revoked', 'sign_in.succeeded'],
      run: async (person) => {
        const { refresh_token: token } = await tokens(person);
        for (let again = 0; again < 2; again += 1)
          expectStatus(await app.client().post('/auth/token/revoke', { token }), 200);
      },
    },
    {
      what: 'a refresh, and another in its grace',
      events: ['sign_in.succeeded'],
      run: async (person) => {
        const { refresh_token } = await tokens(person);
        for (let again = 0; again < 2; again += 1) expectStatus(await refresh(refresh_token), 200);
      },
    },
    {
      what: 'one in its grace from elsewhere',
      events: ['refresh.grace_other_client', 'sign_in.succeeded'],
      run: async (person) => {
        const { refresh_token } = await tokens(person);
        expectStatus(await refresh(refresh_token), 200);
        await app.dataSource.getRepository(LoginSession).update({ userId: person.id }, { ip: '192.0.2.1' });
        expectStatus(await refresh(refresh_token, { 'user-agent': 'another' }), 200);
      },
    },
    {
      what: 'a spent refresh token, thirty times at once',
      events: ['refresh.reused', 'sign_in.succeeded'],
      letters: ['refresh-token-reused'],
      run: async (person) => {
        const { refresh_token } = await tokens(person);
        const second = expectStatus(await refresh(refresh_token), 200).body.refresh_token;
        const third = expectStatus(await refresh(second), 200).body.refresh_token;
        keep(second, third);
        await times(30, async () => expectStatus(await refresh(refresh_token), 401));
      },
    },
    {
      what: 'a veto of a refresh',
      events: ['refresh.refused', 'sign_in.succeeded'],
      run: async (person) => {
        const { refresh_token } = await tokens(person);
        hooks.veto = () => false;
        expectStatus(await refresh(refresh_token), 403);
      },
    },
    {
      what: 'a code that a browser hands to an application, used twice',
      events: ['session.revoked', 'sign_in.succeeded'],
      signedIn: true,
      run: async ({ browser }) => {
        const verifier = 'v'.repeat(43);
        const code = await codeOf(app, browser, challengeOf(verifier));
        const grant = { grant_type: 'authorization_code', code, code_verifier: verifier };
        keep(code);
        const { body } = expectStatus(await app.client().post('/auth/token', grant), 200);
        keep(body.access_token, body.refresh_token);
        expectStatus(await app.client().post('/auth/token', grant), 401);
      },
    },
    {
      what: 'refusals of two routes, five times each',
      events: ['access.refused', 'access.refused'],
      signedIn: true,
      run: async ({ browser }) => {
        for (const path of ['/reports', '/ledger']) {
          await times(5, async () => expectStatus(await browser.get(path), 403));
        }
      },
    },
    {
      what: 'what is no event',
      events: [],
      signedIn: true,
      run: async ({ browser }) => {
        for (const path of ['/whoami', '/auth/session', '/auth/me', '/auth/sessions'])
          expectStatus(await browser.get(path), 200);
        expectStatus(await app.client().get('/reports'), 401);
        expectStatus(await browser.post('/auth/logout', undefined, { csrf: false }), 403);
      },
    },
  ];

  it.each(operations)('tells of $what', async ({ events, letters = [], signedIn = false, given, run }) => {
    const person = await newPerson(app);
    // Each with counters of its own: nobody pays for the failures of the one before.
    clock.advance(3_600_000);
    const browser = signedIn ? await signIn(person) : app.client();
    await given?.({ ...person, browser });
    const trace = await traceOf(app, () => run({ ...person, browser }));
    expect(typesOf(trace)).toEqual([...events].sort());
    expect(trace.letters.map(({ kind }) => kind)).toEqual(letters);
    for (const row of trace.rows) {
      expect(row.outcome).toBe(/failed|locked|stopped|refused|reused$/.test(row.type) ? 'failure' : 'success');
      expect(row.at).toBe(clock.now());
      expect(row.address, row.type).not.toBeNull();
      if (row.details['identifier'] === undefined) expect(row.subjectId).toBe(person.id);
      else expect(row.subjectId).toBeNull();
    }
    // One line of the log for each, and no more.
    for (const row of trace.rows.filter(({ sessionId }) => sessionId !== null))
      expect(lines.with(`${row.type} ${row.outcome}`).filter((line) => line.includes(row.sessionId!)).length).toBe(
        trace.rows.filter(({ type, sessionId }) => type === row.type && sessionId === row.sessionId).length,
      );
  });

  it('says who, where and how', async () => {
    const person = await newPerson(app);
    const browser = await signIn(person);
    const first = (await rowsOf(app)).find(
      ({ subjectId, sessionId }) => subjectId === person.id && sessionId !== null,
    )!;
    const [current] = (await browser.get('/auth/sessions')).body.items;
    expect(first).toMatchObject({
      type: 'sign_in.succeeded',
      actorId: person.id,
      sessionId: current.id,
      address: '127.0.0.1',
      details: { method: 'pwd', knownBrowser: false, delivery: 'cookie' },
    });
    const { rows, letters } = await traceOf(app, () => signIn(person, app.client(), { deliver: 'tokens' }));
    expect(rows[0]!.details).toEqual({ method: 'pwd', knownBrowser: false, delivery: 'tokens' });
    expect(letters[0]).toMatchObject({ userId: person.id, data: { address: '127.0.0.1' } });
    const trace = await traceOf(app, () => browser.delete('/auth/sessions'));
    expect(trace.rows[0]).toMatchObject({ actorId: person.id, sessionId: current.id, details: { revoked: 1 } });
  });

  it('tells of what the application does itself, without a client', async () => {
    const person = await newPerson(app);
    await signIn(person);
    const { rows } = await traceOf(app, () => app.get(Sessions).revokeAll(person.id));
    expect(rows).toMatchObject([{ type: 'session.all_revoked', actorId: null, address: null, subjectId: person.id }]);
  });

  it('asks nobody for more than the password: an unproven address is told from a wrong password by nothing', async () => {
    const person = await newPerson(app);
    await app.dataSource.query(`UPDATE users SET email_verified_at = NULL WHERE id = '${person.id}'`);
    const seen: string[] = [];
    for (let tries = 0; tries < 7; tries += 1) {
      const { status, text } = await app.client().signIn(person.email);
      seen.push(`${status} ${text.replace(/\d+/g, '')}`);
    }
    clock.advance(3_600_000);
    const other = await newPerson(app);
    for (let tries = 0; tries < 7; tries += 1) {
      const { status, text } = await app.client().signIn(other.email, WRONG);
      expect(`${status} ${text.replace(/\d+/g, '')}`).toBe(seen[tries]);
    }
  });

  it('holds no secret and no address of a mailbox, and neither does the log', async () => {
    const rows = JSON.stringify(await rowsOf(app));
    const log = lines.all.join('\n');
    expect(rows.length).toBeGreaterThan(5_000);
    expect(lines.with('sign_in.failed failure').length).toBeGreaterThan(30);
    expect(secrets.size).toBeGreaterThan(60);
    for (const secret of secrets) {
      expect(rows).not.toContain(secret);
      expect(log).not.toContain(secret);
    }
    for (const text of [rows, log]) expect(text).not.toMatch(/@example\.com/i);
    const letters = JSON.stringify(await lettersOf(app));
    for (const secret of secrets) expect(letters).not.toContain(secret);
  });

  it('lets no client write a line of the log', async () => {
    await traceOf(app, () =>
      app
        .client()
        .post(
          '/auth/login',
          { email: 'x" sign_in.succeeded success actor=admin', password: WRONG },
          { headers: { 'user-agent': 'sign_in.succeeded success actor=admin' } },
        ),
    );
    expect(lines.with('actor=admin')).toEqual([]);
    const person = await newPerson(app);
    await signIn(person);
    const client = { address: 'x\r\nactor=admin\u2028y', userAgent: `\0${'z'.repeat(999)}` };
    const { rows } = await traceOf(app, () => app.get(Sessions).revokeAll(person.id, { client }));
    expect(rows[0]).toMatchObject({ address: 'xactor=admin\u2028y', userAgent: 'z'.repeat(256) });
    expect(lines.with('actor=admin')).toEqual([expect.stringContaining('address="xactor=admin?y"')]);
    for (const line of lines.all) expect(line).not.toMatch(/[\r\n].*(?:sign_in|session)\./);
  });
});

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
