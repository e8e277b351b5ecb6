import { Catch, Controller, Get, Header, HttpException, Injectable, type ArgumentsHost } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { harden, PasswordHasher, Public, StateStore } from '../../lib/index.js';
import { AuthSettings } from '../../lib/options/auth-settings.js';
import { FastPasswordHasher, UnlimitedStateStore } from '../../lib/testing/index.js';
import { UserDirectory } from '../../lib/users/user-directory.js';
import { PASSWORD, startApp, type AppSetup, type TestApp } from '../support/app.js';
import { startFront, type Front, type FrontRules } from './front.js';
import { entry, findings, idsOf, probe, type Active } from './probing.js';

const OWNER = 'ada@example.com';
const known: Active = { known: { email: OWNER, password: PASSWORD } };

/** Some of them are about other paths of the host. */
@Public()
@Controller()
class HostController {
  @Get('reports')
  reports(): object {
    return { total: 7 };
  }

  @Get('metrics')
  @Header('content-type', 'text/plain')
  metrics(): string {
    return '# TYPE sign_ins counter\nsign_ins 7\n';
  }

  @Get('docs-json')
  docs(): object {
    return { openapi: '3.0.0', paths: { '/auth/login': {} } };
  }
}

/** What every one of them has to have: closed by the proxy, unless it is the subject. */
const closed: FrontRules['answer'] = ({ url = '' }) =>
  /^\/(?:reports|metrics|docs-json)/i.test(url) ? { status: 401, headers: HARDENED, body: '{}' } : undefined;

const HARDENED = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

let app: TestApp | undefined;
let front: Front | undefined;

/** Over TLS where TLS matters: a handshake for each request is most of the time. */
async function deployed(
  setup: AppSetup = {},
  rules: FrontRules = {},
  scheme: 'https' | 'http' = 'http',
): Promise<string> {
  app = await startApp({
    ...setup,
    controllers: [HostController],
    auth: { baseUrl: 'https://127.0.0.1', trustedProxyHops: 1, ...setup.auth },
    prepare: async (made) => {
      harden(made);
      await setup.prepare?.(made);
    },
  });
  front = await startFront(() => app!.url, { answer: closed, ...rules }, scheme);
  await app.client().register(OWNER);
  return front.url;
}

afterEach(async () => {
  await Promise.all([front?.close(), app?.close()]);
});

it('a right one: nothing is found, and everything is looked at', async () => {
  const report = await probe(await deployed({}, {}, 'https'), { ...known, forgedAddresses: true });
  // The port of a test is not the usual one.
  const open = ['probe.same-time', 'probe.https-redirect'];
  const other = report.entries.filter(({ id, outcome }) => outcome !== 'passed' && !open.includes(id));
  expect(other).toEqual([]);
  expect(report.counts.refuse).toBe(0);
  expect(report.requests.sent).toBe(report.requests.planned);
});

it('no HSTS', async () => {
  const url = await deployed({}, { headers: ({ 'strict-transport-security': _, ...rest }) => rest }, 'https');
  expect(idsOf(findings(await probe(url)))).toEqual(['probe.hsts']);
});

it('reflected CORS', async () => {
  const headers: FrontRules['headers'] = (sent, { headers: { origin } }) =>
    origin === undefined
      ? sent
      : { ...sent, 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true' };
  const report = await probe(await deployed({}, { headers }));
  expect(idsOf(findings(report))).toEqual(['probe.cors']);
  expect(entry(report, 'probe.cors').evidence).toMatchObject({ credentials: true });
  expect(entry(report, 'probe.cors').evidence?.['origins']).toHaveLength(5);
});

it('CORS by the beginning or end of a name', async () => {
  const admits = (origin: string) => origin.endsWith(new URL(front!.url).host);
  const headers: FrontRules['headers'] = (sent, { headers: { origin = '' } }) =>
    admits(origin) ? { ...sent, 'access-control-allow-origin': origin } : sent;
  const report = await probe(await deployed({}, { headers }));
  expect(entry(report, 'probe.cors').evidence).toEqual({
    origins: ['own name as suffix'],
    credentials: false,
  });
});

it('open docs', async () => {
  const report = await probe(
    await deployed({}, { answer: (request) => (request.url === '/docs-json' ? undefined : closed(request)) }),
  );
  expect(findings(report)).toMatchObject([{ id: 'probe.docs-closed', evidence: { open: ['GET /docs-json'] } }]);
});

it('cookies without Secure, from a base URL of http behind the proxy', async () => {
  const report = await probe(await deployed({ auth: { baseUrl: 'http://127.0.0.1' } }, {}, 'https'), known);
  const [found, ...others] = findings(report).filter(({ id }) => id !== 'probe.hsts');
  expect(others).toEqual([]);
  expect(found?.id).toBe('probe.cookie-flags');
  expect(found?.evidence?.['cookies']).toEqual([
    'auth_session: not Secure, no __Host- name',
    'auth_device: not Secure, no __Host- name',
  ]);
});

it('cookies within reach of scripts and of other sites', async () => {
  const headers: FrontRules['headers'] = (sent) => {
    const lines = sent['set-cookie'] as string[] | undefined;
    return lines === undefined
      ? sent
      : { ...sent, 'set-cookie': lines.map((line) => line.replace(/; (?:HttpOnly|SameSite=Lax)/g, '')) };
  };
  // Not even an account is needed to see it.
  const [found, ...others] = findings(await probe(await deployed({}, { headers }), {}));
  expect(others).toEqual([]);
  expect(found?.evidence?.['cookies']).toContain('__Host-auth_session: not HttpOnly, no SameSite');
});

it('cookies of a load balancer, and one that pages are to read, are no findings', async () => {
  const headers: FrontRules['headers'] = (sent) => ({
    ...sent,
    'set-cookie': [...((sent['set-cookie'] as string[] | undefined) ?? []), 'AWSALB=marker-of-a-target; Path=/'],
  });
  const url = await deployed({ auth: { cookies: { xsrfCookie: true } } }, { headers }, 'https');
  const report = await probe(url, known);
  expect(findings(report)).toEqual([]);
  const { outcome, evidence } = entry(report, 'probe.cookie-flags');
  expect(outcome).toBe('passed');
  expect(evidence?.['cookies']).toEqual(expect.arrayContaining(['__Host-auth_session', 'XSRF-TOKEN']));
  expect(evidence?.['others']).toEqual(['AWSALB']);
});

it('an address that clients choose, by one trusted proxy too many', async () => {
  const url = await deployed({ auth: { trustedProxyHops: 2 } });
  const report = await probe(url, { forgedAddresses: true });
  expect(idsOf(findings(report))).toEqual(['probe.forwarded-for']);
});

it('unlimited sign-in', async () => {
  const unlimited: AppSetup['override'] = (builder) =>
    builder.overrideProvider(StateStore).useClass(UnlimitedStateStore);
  const report = await probe(await deployed({ override: unlimited }), {});
  expect(findings(report)).toMatchObject([{ id: 'probe.sign-in-limited', evidence: { attempts: 6 } }]);
});

it('errors that tell who has an account', async () => {
  @Catch(HttpException)
  class TellingFilter {
    constructor(
      private readonly host: HttpAdapterHost,
      private readonly users: UserDirectory,
    ) {}

    async catch(error: HttpException, host: ArgumentsHost): Promise<void> {
      const http = host.switchToHttp();
      const { email } = http.getRequest<{ body?: { email?: unknown } }>().body ?? {};
      const user = typeof email === 'string' ? await this.users.findForSignIn(email) : undefined;
      const said =
        error.getStatus() === 401 && user !== undefined ? { message: 'Wrong password.' } : error.getResponse();
      this.host.httpAdapter.reply(http.getResponse(), said, error.getStatus());
    }
  }
  const url = await deployed({
    prepare: (made) => {
      made.useGlobalFilters(new TellingFilter(made.get(HttpAdapterHost), made.get(UserDirectory, { strict: false })));
    },
  });
  const found = findings(await probe(url, { known: { email: OWNER, password: undefined } }));
  expect(found).toMatchObject([{ id: 'probe.same-answer', evidence: { differs: ['body'] } }]);
});

it('a sign-in that takes longer for accounts', async () => {
  @Injectable()
  class SlowForKnown extends FastPasswordHasher {
    own = '';

    constructor(settings: AuthSettings) {
      super(settings);
    }

    override async hash(password: string): Promise<string> {
      const hash = await super.hash(password);
      if (password === PASSWORD) this.own = hash;
      return hash;
    }

    override async verify(password: string, stored: string): Promise<boolean> {
      if (stored === this.own) await sleep(120);
      return super.verify(password, stored);
    }
  }
  const slow: AppSetup['override'] = (builder) => builder.overrideProvider(PasswordHasher).useClass(SlowForKnown);
  const found = findings(
    await probe(await deployed({ override: slow }), { known: { email: OWNER, password: undefined } }),
  );
  expect(found).toMatchObject([{ id: 'probe.same-time', evidence: { pairs: 4 } }]);
  expect(found[0]?.evidence?.['differenceMs']).toBeGreaterThan(80);
});

it('a guard by path in a proxy that then merges slashes', async () => {
  const merged = (path: string) => path.replace(/\/{2,}/g, '/');
  const url = await deployed({}, { path: merged });
  const report = await probe(url, undefined, { guarded: ['/reports'] });
  expect(idsOf(findings(report))).toEqual(['probe.operations-closed', 'probe.path-variants']);
  expect(entry(report, 'probe.operations-closed').evidence).toEqual({ open: ['GET //metrics'] });
  expect(entry(report, 'probe.path-variants').evidence?.['open']).toEqual(['GET //reports', 'GET ///reports']);
});

it('verbose errors, by a filter that sends stacks', async () => {
  @Catch()
  class StackFilter {
    constructor(private readonly host: HttpAdapterHost) {}

    catch(error: Error, host: ArgumentsHost): void {
      const status = error instanceof HttpException ? error.getStatus() : 500;
      this.host.httpAdapter.reply(
        host.switchToHttp().getResponse(),
        { message: error.message, stack: error.stack },
        status,
      );
    }
  }
  const url = await deployed({
    prepare: (made) => void made.useGlobalFilters(new StackFilter(made.get(HttpAdapterHost))),
  });
  const [found, ...others] = findings(await probe(url));
  expect(others).toEqual([]);
  expect(found).toMatchObject({ id: 'probe.verbose-errors', evidence: { tells: ['stack', 'file'] } });
});
