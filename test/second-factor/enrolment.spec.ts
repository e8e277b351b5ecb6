import { Controller, Get, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, Auth, Checklist, CurrentPrincipal, DuringEnrolment, OptionalAuth, Public } from '../../lib/index.js';
import { RouteRules } from '../../lib/access/route-rules.js';
import { RoutePaths } from '../../lib/http/route-paths.js';
import { LoginSession } from '../../lib/sessions/login-session.entity.js';
import { expectCode, startPostOffice, type PostOffice } from '../passwordless/kit.js';
import { PASSWORD } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { QueryLog } from '../support/query-log.js';
import { bearer, begin, enrol, finish } from './kit.js';

@Controller('host')
class HostController {
  @Get('any')
  any(): object {
    return {};
  }

  @Get('maybe')
  @OptionalAuth()
  maybe(): object {
    return {};
  }

  @Get('open')
  @Public()
  open(@CurrentPrincipal() who: unknown): object {
    return { who: who ?? null };
  }

  @Get('welcome')
  @Auth()
  @DuringEnrolment()
  welcome(): object {
    return {};
  }
}

/** What is open while a second factor has still to be set up, beside what is open to anybody. */
const OPEN = [
  // Of an administrator's: it ends what was begun, and 404s for everybody else.
  'DELETE /auth/impersonation',
  'DELETE /auth/passkeys/:id',
  'DELETE /auth/sessions',
  'DELETE /auth/sessions/:id',
  'GET /auth/me',
  'GET /auth/passkeys',
  'GET /auth/second-factor',
  'GET /auth/session',
  'GET /auth/sessions',
  'GET /host/welcome',
  'PATCH /auth/passkeys/:id',
  'POST /auth/passkeys/registration',
  'POST /auth/passkeys/registration/options',
  'POST /auth/reauthenticate',
  'POST /auth/reauthenticate/email-code',
  'POST /auth/recovery-codes',
  'POST /auth/totp/confirm',
  'POST /auth/totp/disable',
  'POST /auth/totp/enroll',
];

describe("secondFactor: 'required'", () => {
  let office: PostOffice;
  beforeAll(async () => {
    office = await startPostOffice({
      controllers: [HostController],
      auth: { secondFactor: 'required', passwords: { minLength: 8 } },
    });
  });
  afterAll(() => office.close());

  /** Every route that looks at a credential, as `GET /path`. */
  const guarded = (): readonly string[] => {
    const paths = RoutePaths.in(office.app);
    return office
      .get(RouteRules)
      .entries()
      .filter(({ kind, rule }) => kind === 'http' && rule.mode !== 'public')
      .flatMap((entry) => paths.of(entry, true).map((path) => `${entry.route!.method} ${path}`));
  };

  const callAll = (call: (method: string, path: string) => Promise<Answer>, routes: readonly string[]) =>
    Promise.all(
      routes.map(async (route) => {
        const [method = '', path = ''] = route.split(' ');
        const { status, body } = await call(method, path.replace(/:\w+/g, 'x'));
        return [route, status, body?.code] as const;
      }),
    );

  it.each(['cookie', 'tokens'] as const)(
    'lets whoever has none sign in, and set one up, and nothing else (%s)',
    async (deliver) => {
      const { email } = await office.person();
      const browser = office.client();
      const signedIn = await browser.signIn(email, PASSWORD, { deliver });
      expect(signedIn.body.status).toBe('signed_in');
      let headers = deliver === 'tokens' ? bearer(signedIn) : {};
      const call = (method: string, path: string) => browser.call(method, path, { headers });
      const closed = guarded().filter((route) => !OPEN.includes(route));
      expect(closed).toContain('PATCH /auth/me');
      expect(closed).toContain('GET /host/maybe');
      for (const [route, ...answer] of await callAll(call, closed)) {
        expect([route, ...answer]).toEqual([route, 403, 'ENROLMENT_REQUIRED']);
      }
      const read = OPEN.filter((route) => route.startsWith('GET'));
      for (const [route, status] of await callAll(call, read)) expect([route, status]).toEqual([route, 200]);
      expect((await call('GET', '/host/open')).body).toEqual({ who: null });
      const { confirmed } = await enrol(office.clock, browser, headers);
      headers = deliver === 'tokens' ? bearer(confirmed) : {};
      expect((await call('GET', '/auth/session')).body.methods).toEqual(['pwd', 'otp', 'mfa']);
      for (const path of ['/host/any', '/host/maybe']) expect((await call('GET', path)).status).toBe(200);
      expectCode(await call('DELETE', '/auth/sessions/x'), 404, 'NOT_FOUND');
    },
  );

  it('opens no other route than the ones above', () => {
    const opened = office
      .get(RouteRules)
      .entries()
      .filter(({ kind, rule }) => kind === 'http' && rule.mode !== 'public' && rule.duringEnrolment);
    const paths = RoutePaths.in(office.app);
    const routes = opened.flatMap((entry) => paths.of(entry, true).map((path) => `${entry.route!.method} ${path}`));
    expect(routes.sort()).toEqual(OPEN);
  });

  it('asks a session that has proven less than the account could for the factor, not for another one', async () => {
    const { id, email } = await office.person();
    const browser = office.client();
    await browser.signIn(email);
    const { authenticator } = await enrol(office.clock, browser);
    const other = office.client();
    await finish(other, await begin(other, email), { code: authenticator.next() });
    const { body } = await browser.get('/auth/sessions');
    const session = body.items.find(({ current }: { current: boolean }) => !current);
    await office.dataSource.getRepository(LoginSession).update({ id: session.id, userId: id }, { methods: ['pwd'] });
    const refused = await other.get('/host/any');
    expectCode(refused, 403, 'SECOND_FACTOR_REQUIRED');
    expect(refused.body.details).toEqual({ methods: ['code', 'recoveryCode'] });
    expect((await other.post('/auth/reauthenticate', { code: authenticator.next() })).status).toBe(200);
    expect((await other.get('/host/any')).status).toBe(200);
  });

  it('takes a password of 8 characters for no finding, and every administrator for asked', async () => {
    const { entries } = await office.get(Checklist).report();
    const ids = ['passwords.minimum', 'access.admin-second-factor', 'access.second-factor-roles'];
    const outcomes = entries.filter(({ id }) => ids.includes(id)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['passed', 'passed', 'passed']);
  });
});

@Controller('strategy')
class StrategyController {
  @Get()
  @UseGuards(AuthGuard('enrolment-jwt'))
  get(): object {
    return {};
  }
}

describe('secondFactor: { roles }', () => {
  const logger = new QueryLog();
  let office: PostOffice;
  beforeAll(async () => {
    office = await startPostOffice({
      controllers: [HostController, StrategyController],
      typeorm: { logger, logging: ['query'] },
      auth: { secondFactor: { roles: ['admin', 'clerk'] }, protect: 'marked', passport: { strategy: 'enrolment-jwt' } },
    });
  });
  afterAll(() => office.close());

  const welcome = (browser: Client, path = '/auth/admin/checklist', headers = {}): Promise<Answer> =>
    browser.get(path, { headers });

  it('asks whoever has one of them, from the next request on', async () => {
    const { id, email } = await office.person();
    const [browser, app] = [office.client(), office.client()];
    await browser.signIn(email);
    const tokens = await app.signIn(email, PASSWORD, { deliver: 'tokens' });
    expect((await browser.call('PATCH', '/auth/me', { body: {} })).body?.code).not.toBe('ENROLMENT_REQUIRED');
    await office.get(Accounts).assignRole(id, 'admin');
    for (const headers of [{}, bearer(tokens)]) {
      expectCode(await welcome(browser, '/auth/admin/checklist', headers), 403, 'ENROLMENT_REQUIRED');
      expect((await welcome(browser, '/auth/me', headers)).status).toBe(200);
    }
    await office.get(Accounts).assignRole(id, 'other');
    const { confirmed } = await enrol(office.clock, browser);
    expect(confirmed.body.status).toBe('signed_in');
    expect((await welcome(browser)).status).toBe(200);
  });

  it('asks it of whoever has made an API key before, too', async () => {
    const { id, email } = await office.person();
    const browser = office.client();
    await browser.signIn(email);
    const { key } = (await browser.post('/auth/api-keys', { name: 'Robot' })).body;
    const use = (path: string) => office.client().get(path, { headers: { 'x-api-key': key } });
    for (const path of ['/host/welcome', '/host/maybe']) expect((await use(path)).status).toBe(200);
    await office.get(Accounts).assignRole(id, 'admin');
    for (const path of ['/host/welcome', '/host/maybe']) expectCode(await use(path), 403, 'ENROLMENT_REQUIRED');
    await enrol(office.clock, browser);
    for (const path of ['/host/welcome', '/host/maybe']) expect((await use(path)).status).toBe(200);
  });

  it('costs nobody who passes a statement', async () => {
    const { id, email } = await office.person();
    await office.get(Accounts).assignRole(id, 'clerk');
    const browser = office.client();
    await browser.signIn(email);
    await enrol(office.clock, browser);
    const plain = office.client();
    await plain.signIn((await office.person()).email);
    for (const each of [browser, plain]) {
      await each.get('/auth/sessions');
      await each.get('/host/welcome');
      logger.statements.length = 0;
      expect((await each.get('/host/welcome')).status).toBe(200);
      expect((await each.get('/host/maybe')).status).toBe(200);
      expect(logger.statements).toEqual([]);
    }
  });

  it("is asked by AuthGuard of the application's own Passport as well", async () => {
    const { id, email } = await office.person();
    const app = office.client();
    const token = async () => bearer(await app.signIn(email, PASSWORD, { deliver: 'tokens' }));
    expect((await welcome(app, '/strategy', await token())).status).toBe(200);
    await office.get(Accounts).assignRole(id, 'clerk');
    const headers = await token();
    expect((await welcome(app, '/strategy', headers)).status).toBe(401);
    const { confirmed } = await enrol(office.clock, app, headers);
    expect((await welcome(app, '/strategy', bearer(confirmed))).status).toBe(200);
  });
});
