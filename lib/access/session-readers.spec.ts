import { ServerResponse, IncomingMessage } from 'node:http';
import { Logger, type ExecutionContext } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { SECRET } from '../../test/support/app.js';
import { principalOf } from '../../test/support/principals.js';
import { LAB_CLIENT, SessionLab } from '../../test/support/session-lab.js';
import { keyringOf, NEXT_SECRET } from '../../test/support/settings.js';
import { DeviceCookie } from '../attempts/device-cookie.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../common/duration.js';
import { AuthError } from '../errors/auth-error.js';
import { AuthMetrics, type MetricLabels } from '../events/auth-metrics.js';
import { ImpersonatedSessions } from '../sessions/impersonated-sessions.service.js';
import type { LoginSession } from '../sessions/login-session.entity.js';
import { SessionCookie } from '../sessions/session-cookie.js';
import { AccessTokens } from '../tokens/access-tokens.service.js';
import { AccessRefusals } from './access-refusals.js';
import { AuthContext } from './auth-context.js';
import { BearerTokenReader } from './bearer-token-reader.js';
import { callSiteOf } from './call-site.js';
import { CookieRenewal } from './cookie-renewal.js';
import { CookieSessionReader } from './cookie-session-reader.js';
import { CsrfProtection } from './csrf-protection.js';

const OLD = 'wC7xN2mK9qLs4Wd1ZtYv6RgHp8Jf3EuA0iOxCz5TbVq';

class Counter extends AuthMetrics {
  readonly counted: MetricLabels[] = [];

  override count(name: string, labels: MetricLabels): void {
    if (name === 'auth_access_refusals') this.counted.push(labels);
  }
}

const counter = new Counter();
let lab: SessionLab;
let reader: CookieSessionReader;
let userId: string;
let session: LoginSession;
/** What the secret before this one has signed. */
let before: ReturnType<typeof keyringOf>;

beforeAll(async () => {
  lab = await SessionLab.start(
    {
      sessions: { rememberAbsolute: '20d' },
      cookies: { xsrfCookie: true },
      roles: { grants: { writer: ['notes:write'] } },
      tokens: { scopes: { notes: 'everyone', drafts: ['writer'] } },
      acceptedSecrets: [{ secret: OLD }],
    },
    { override: (builder) => builder.overrideProvider(AuthMetrics).useValue(counter) },
  );
  reader = lab.app.get(CookieSessionReader);
  before = keyringOf({ secret: OLD });
  expect(SECRET).not.toBe(NEXT_SECRET.secret);
});
afterAll(() => lab.close());
afterEach(() => vi.restoreAllMocks());

beforeEach(async () => {
  counter.counted.length = 0;
  userId = await lab.person('writer');
  session = await lab.open(userId);
});

const request = (cookies: Record<string, string> = {}) => ({
  headers: {
    cookie: Object.entries(cookies)
      .map(([name, value]) => `${name}=${value}`)
      .join('; '),
  },
});
const current = (of = session): string => lab.app.get(SessionCookie).write(of);
const old = (of = session): string => new SessionCookie(before).write(of);

describe('who a session cookie is from', () => {
  it('is the principal of its session, and what the token of its pages is made from', async () => {
    const reading = await reader.fromCookie(request({ auth_session: current() }));
    if (reading.status !== 'live') throw new Error(reading.status);
    expect(reading.csrf).toEqual({ seed: session.csrfSeed });
    expect({ ...reading.principal }).toEqual({
      userId,
      via: 'session',
      sessionId: session.id,
      roles: ['writer'],
      permissions: ['notes:write'],
      scopes: undefined,
      emailVerified: false,
      methods: ['pwd'],
      authenticatedAt: new Date(session.authenticatedAt),
      freshUntil: new Date(session.freshUntil),
      expiresAt: new Date(session.expiresAt),
      impersonatorId: undefined,
    });
    expect(reader.sessionOf(reading.principal)).toMatchObject({ id: session.id });
    expect(reader.sessionOf(principalOf())).toBeUndefined();
  });

  it('is nobody without one', async () => {
    expect(await reader.fromCookie(request())).toEqual({ status: 'none' });
    expect(await reader.fromCookie({ headers: {} })).toEqual({ status: 'none' });
  });

  it('is dead once its session is, and for the sid of tokens', async () => {
    const tokens = await lab.open(userId, { scopes: [] });
    expect(await reader.fromCookie(request({ auth_session: current(tokens) }))).toEqual({ status: 'dead' });
    await lab.alter(session.id, { revokedAt: 1 });
    expect(await reader.fromCookie(request({ auth_session: current() }))).toEqual({ status: 'dead' });
  });

  it('is nobody when it does not verify, which is counted, and told once a minute', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    const count = reader.unverified;
    const forge = () => reader.fromCookie(request({ auth_session: 'forged' }));
    lab.clock.advance(HOUR_MS);
    expect(await forge()).toEqual({ status: 'none' });
    lab.clock.advance(MINUTE_MS - 1);
    await forge();
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      `A session cookie did not verify and counts as absent (${count + 1} since the start)`,
    );
    lab.clock.advance(1);
    await forge();
    expect(warn).toHaveBeenCalledTimes(2);
    expect(reader.unverified).toBe(count + 3);
  });
});

describe('cookies of a key that signs no more', () => {
  const exchange = () => new ServerResponse(new IncomingMessage(undefined as never));

  async function renewed(cookies: Record<string, string>, prepare?: (answer: ServerResponse) => void) {
    const asked = request(cookies);
    const reading = await reader.fromCookie(asked);
    if (reading.status !== 'live') throw new Error(reading.status);
    const answer = exchange();
    lab.app.get(CookieRenewal).renew(asked, answer, reading.principal);
    prepare?.(answer);
    answer.writeHead(200);
    const lines = (answer.getHeader('Set-Cookie') ?? []) as string[];
    return { lines, caching: answer.getHeader('Cache-Control') };
  }
  const csrf = (keyring: { sign(purpose: 'csrf', data: string): string }) => keyring.sign('csrf', session.csrfSeed);
  const ours = () => lab.app.get(CsrfProtection).csrfToken(session.csrfSeed);

  it('are signed anew, in an answer that no cache keeps', async () => {
    const known = lab.app.get(DeviceCookie).withDevice(lab.app.get(DeviceCookie).read(undefined), userId);
    const payload = known.slice(0, known.indexOf('.'));
    const device = `${payload}.${before.sign('device-cookie', payload)}`;
    const { lines, caching } = await renewed({ auth_session: old(), 'XSRF-TOKEN': csrf(before), auth_device: device });
    expect(lines).toEqual([
      `auth_session=${current()}; Path=/; HttpOnly; SameSite=Lax`,
      `XSRF-TOKEN=${ours()}; Path=/; SameSite=Lax`,
      `auth_device=${known}; Max-Age=${(400 * DAY_MS) / 1_000}; Path=/; HttpOnly; SameSite=Lax`,
    ]);
    expect(caching).toBe('no-store');
  });

  it('are left where they are current, or not there', async () => {
    const nothing = { lines: [], caching: undefined };
    expect(await renewed({ auth_session: current(), 'XSRF-TOKEN': ours() })).toEqual(nothing);
    expect(await renewed({ auth_session: current() })).toEqual(nothing);
    expect(await renewed({ auth_session: current(), auth_device: 'x' })).toEqual(nothing);
  });

  it('are signed one by one, whatever stands in that for scripts', async () => {
    expect((await renewed({ auth_session: old(), 'XSRF-TOKEN': ours() })).lines).toHaveLength(1);
    const { lines } = await renewed({ auth_session: current(), 'XSRF-TOKEN': 'x' });
    expect(lines).toEqual([`XSRF-TOKEN=${ours()}; Path=/; SameSite=Lax`]);
  });

  it('live as long as a session that is remembered', async () => {
    session = await lab.open(userId, { rememberMe: true });
    const rest = () => `Max-Age=${Math.floor((session.expiresAt - lab.clock.now()) / 1_000)}`;
    lab.clock.advance(HOUR_MS);
    const { lines } = await renewed({ auth_session: old(), 'XSRF-TOKEN': csrf(before) });
    expect(lines[0]).toContain(rest());
    expect(lines[1]).toContain(rest());
    expect(rest()).toBe(`Max-Age=${(20 * DAY_MS - HOUR_MS) / 1_000}`);
  });

  it('give way to what the answer sets itself', async () => {
    const cookies = () => ({ auth_session: old(), 'XSRF-TOKEN': csrf(before) });
    const own = await renewed(cookies(), (answer) => answer.appendHeader('Set-Cookie', 'auth_session=x'));
    expect(own).toEqual({ lines: 'auth_session=x', caching: undefined });
    const token = await renewed(cookies(), (answer) => answer.setHeader('Set-Cookie', ['XSRF-TOKEN=x', 'other=y']));
    expect(token.lines).toEqual(['XSRF-TOKEN=x', 'other=y', expect.stringMatching(/^auth_session=/)]);
    expect(token.caching).toBe('no-store');
  });

  it('are nothing to a principal that came another way', () => {
    const answer = exchange();
    const { writeHead } = answer;
    lab.app.get(CookieRenewal).renew(request({ auth_session: old() }), answer, principalOf());
    expect(answer.writeHead).toBe(writeHead);
  });
});

describe('who an access token is from', () => {
  const bearer = () => lab.app.get(BearerTokenReader);

  async function token(of: LoginSession, more: object = {}, scopes: readonly string[] = ['notes', 'drafts']) {
    const subject = {
      ...of,
      sessionId: of.id,
      sessionExpiresAt: of.expiresAt,
      roles: ['writer'],
      emailVerified: true,
      ...more,
    };
    return (await lab.app.get(AccessTokens).sign(subject, scopes)).token;
  }

  beforeEach(async () => {
    session = await lab.open(userId, { scopes: ['notes', 'drafts'] });
  });

  it('is what it says by itself, and what its session says with that', async () => {
    const text = await token(session);
    await lab.app.dataSource.query("UPDATE auth_user_roles SET role = 'reader' WHERE user_id = ?", [userId]);
    const said = {
      userId,
      via: 'bearer',
      sessionId: session.id,
      methods: ['pwd'],
      expiresAt: new Date(session.expiresAt),
      freshUntil: new Date(session.freshUntil),
      impersonatorId: undefined,
    };
    expect({ ...(await bearer().read(text, 'signature')) }).toEqual({
      ...said,
      authenticatedAt: new Date(Math.floor(session.authenticatedAt / 1_000) * 1_000),
      roles: ['writer'],
      permissions: ['notes:write'],
      scopes: ['notes', 'drafts'],
      emailVerified: true,
    });
    expect({ ...(await bearer().read(text, 'session')) }).toEqual({
      ...said,
      authenticatedAt: new Date(session.authenticatedAt),
      roles: ['reader'],
      permissions: [],
      scopes: ['notes'],
      emailVerified: false,
    });
  });

  it('is nobody when it is none of ours, its session is over, or that of a cookie', async () => {
    expect(await bearer().read('x', 'signature')).toBeUndefined();
    const cookie = await lab.open(userId);
    expect(await bearer().read(await token(cookie), 'session')).toBeUndefined();
    const text = await token(session);
    await lab.alter(session.id, { revokedAt: 1 });
    expect(await bearer().read(text, 'session')).toBeUndefined();
    expect(await bearer().read(text, 'signature')).toBeDefined();
  });

  it('asks for the session always where an administrator acts', async () => {
    const admin = await lab.person('admin');
    const origin = await lab.open(admin);
    const begun = (await lab.app.get(ImpersonatedSessions).begin(
      {
        administrator: { userId: admin, sessionId: origin.id },
        userId,
        epoch: 0,
        ttlMs: HOUR_MS,
        scopes: ['notes'],
        client: LAB_CLIENT,
      },
      { begun: async () => undefined, lost: async () => undefined },
    )) as LoginSession;
    const text = await token(begun);
    expect(await bearer().read(text, 'signature')).toMatchObject({ impersonatorId: admin, via: 'bearer' });
    await lab.alter(origin.id, { revokedAt: 1 });
    expect(await bearer().read(text, 'signature')).toBeUndefined();
  });
});

describe('the context of a request', () => {
  it('is not there without the option', async () => {
    await expect(lab.app.get(AuthContext).principal()).rejects.toThrow(
      'AuthContext needs `context: true` in AuthModule.forRoot().',
    );
  });
});

describe('a principal that is refused a handler', () => {
  class Notes {
    list(): void {}
    add(): void {}
  }
  const contextOf = (handler: 'list' | 'add' = 'list'): ExecutionContext => {
    const call = { headers: { 'user-agent': 'lab' }, socket: { remoteAddress: '192.0.2.7' } };
    return {
      getType: () => 'http',
      getArgs: () => [call],
      getClass: () => Notes,
      getHandler: () => Notes.prototype[handler],
    } as unknown as ExecutionContext;
  };
  const who = (more: object = {}) => principalOf({ userId, sessionId: session.id, ...more });

  /** Tells of a refusal, and what is written of it once it is. */
  async function note(error: unknown, principal = who(), context = contextOf(), site = callSiteOf(context)) {
    lab.app.get(AccessRefusals).note(context, site, principal, error);
    await new Promise((resolve) => setTimeout(resolve, 30));
    return lab.events();
  }

  it('is written down once a minute, for each session and handler', async () => {
    await lab.events();
    const refused = () => note(new AuthError('FORBIDDEN'));
    expect(await refused()).toEqual([
      {
        type: 'access.refused',
        outcome: 'failure',
        actorId: userId,
        impersonatorId: null,
        subjectId: userId,
        sessionId: session.id,
        identifier: null,
        address: '192.0.2.7',
        userAgent: 'lab',
        details: { handler: 'Notes.list', transport: 'http', via: 'session' },
      },
    ]);
    expect(await refused()).toEqual([]);
    expect(await note(new AuthError('FORBIDDEN'), who(), contextOf('add'))).toHaveLength(1);
    const other = await lab.open(userId);
    expect(await note(new AuthError('IMPERSONATION_FORBIDDEN'), who({ sessionId: other.id }))).toHaveLength(1);
    lab.clock.advance(MINUTE_MS);
    expect(await refused()).toHaveLength(1);
    expect(counter.counted.map(({ code }) => code)).toEqual([
      'FORBIDDEN',
      'FORBIDDEN',
      'FORBIDDEN',
      'IMPERSONATION_FORBIDDEN',
      'FORBIDDEN',
    ]);
  });

  it('is counted alone where something is asked of it, and no refusal where it is another error', async () => {
    expect(await note(new AuthError('REAUTHENTICATION_REQUIRED'))).toEqual([]);
    expect(await note(new AuthError('STORE_UNAVAILABLE'))).toEqual([]);
    expect(await note(new Error('x'))).toEqual([]);
    expect(counter.counted).toEqual([{ code: 'REAUTHENTICATION_REQUIRED' }]);
  });

  it('is refused by an exception of a policy too, without an address where there is none', async () => {
    const { ForbiddenException, BadRequestException } = await import('@nestjs/common');
    const site = { ...callSiteOf(contextOf()), request: undefined, transport: 'rpc' as const };
    expect(await note(new BadRequestException())).toEqual([]);
    expect(await note(new ForbiddenException(), who(), contextOf(), site)).toMatchObject([
      { address: null, details: { transport: 'rpc' } },
    ]);
    expect(counter.counted).toEqual([{ code: 'FORBIDDEN' }]);
  });

  it('is refused all the same when it cannot be written down, which is told', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    const { store } = lab;
    const consume = store.consume.bind(store);
    store.consume = () => Promise.reject(new Error('down'));
    await note(new AuthError('FORBIDDEN'));
    store.consume = consume;
    expect(warn).toHaveBeenCalledExactlyOnceWith('A refusal of Notes.list could not be recorded');
  });
});
