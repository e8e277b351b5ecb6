import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SessionLab } from '../../test/support/session-lab.js';
import { DeviceCookie } from '../attempts/device-cookie.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/duration.js';
import { Principal, type PrincipalFields } from '../common/principal.js';
import { BrowserBinding } from '../cookies/browser-binding.js';
import { AuthHooks } from '../hooks/auth-hooks.js';
import { PendingSignIns } from '../second-factors/pending-sign-ins.service.js';
import type { LoginSession } from '../sessions/login-session.entity.js';
import { SessionCookie } from '../sessions/session-cookie.js';
import type { PublicUser } from '../users/user-directory.js';
import { identifierSchema } from './identifier.schema.js';
import { SessionDelivery } from './session-delivery.js';
import { SignInDelivery } from './sign-in-delivery.js';
import * as v from 'valibot';

const EVIL = { origin: 'https://evil.example' };

class Hooks extends AuthHooks {
  static isBroken = false;

  override claims(): void {
    if (Hooks.isBroken) throw new Error('broken');
  }
}

/** An answer of Express, as far as its cookies go. */
class CookieAnswer {
  readonly lines: string[] = [];

  append(name: string, line: string): void {
    expect(name).toBe('Set-Cookie');
    this.lines.push(line);
  }

  get names(): string[] {
    return this.lines.map((line) => line.slice(0, line.indexOf('=')));
  }

  /** The line of a cookie, without its value. */
  attributes(name: string): string | undefined {
    return this.lines.find((line) => line.startsWith(`${name}=`))?.replace(/^[^;]*; /, '');
  }

  value(name: string): string {
    const [pair = ''] = this.lines.find((line) => line.startsWith(`${name}=`))!.split(';');
    return decodeURIComponent(pair.slice(name.length + 1));
  }
}

let lab: SessionLab;
let delivery: SessionDelivery;
let signIns: SignInDelivery;
let answer: CookieAnswer;
let session: LoginSession;
let user: PublicUser;

beforeAll(async () => {
  lab = await SessionLab.start(
    {
      sessions: { rememberAbsolute: '20d' },
      cookies: { xsrfCookie: true },
      tokens: { scopes: { notes: 'everyone' }, accessTtl: '5m' },
    },
    { override: (builder) => builder.overrideProvider(AuthHooks).useClass(Hooks) },
  );
  delivery = lab.app.get(SessionDelivery);
  signIns = lab.app.get(SignInDelivery);
});
afterAll(() => lab.close());

beforeEach(async () => {
  answer = new CookieAnswer();
  Hooks.isBroken = false;
  await begin();
});

async function begin(more: object = {}): Promise<void> {
  const userId = await lab.person();
  session = await lab.open(userId, more);
  user = { id: userId, email: 'x', emailVerified: true, roles: ['writer'], createdAt: null };
}

const browser = (cookies: Record<string, string> = {}, headers: object = {}) => ({
  headers: {
    ...headers,
    cookie: Object.entries(cookies)
      .map(([name, value]) => `${name}=${value}`)
      .join('; '),
  },
});
const cookieOf = (of: { userId: string; sid: string }): string => lab.app.get(SessionCookie).write(of);

describe('a session that is handed to a browser', () => {
  it('is a cookie until the browser is closed, a token for scripts, and a device that stays', () => {
    const signedIn = delivery.deliver(browser(), answer, { user, session });
    expect(signedIn).toEqual({ status: 'signed_in', user, csrfToken: expect.stringMatching(/^[\w-]{8}\.[\w-]{43}$/) });
    expect(answer.names).toEqual(['auth_session', 'XSRF-TOKEN', 'auth_device']);
    expect(lab.app.get(SessionCookie).read(answer.value('auth_session'))).toEqual({
      userId: session.userId,
      sid: session.sid,
    });
    expect(answer.value('XSRF-TOKEN')).toBe(signedIn.csrfToken);
    expect(answer.attributes('auth_session')).toBe('Path=/; HttpOnly; SameSite=Lax');
    expect(answer.attributes('XSRF-TOKEN')).toBe('Path=/; SameSite=Lax');
    expect(answer.attributes('auth_device')).toBe(
      `Max-Age=${(400 * DAY_MS) / SECOND_MS}; Path=/; HttpOnly; SameSite=Lax`,
    );
    const known = lab.app.get(DeviceCookie).read(answer.value('auth_device'));
    expect(known.deviceFor(session.userId)).toBeDefined();
  });

  it('stays as long as it may where it is remembered', async () => {
    await begin({ rememberMe: true });
    delivery.deliver(browser(), answer, { user, session });
    const life = `Max-Age=${(20 * DAY_MS) / SECOND_MS}; Path=/`;
    expect(answer.attributes('auth_session')).toBe(`${life}; HttpOnly; SameSite=Lax`);
    expect(answer.attributes('XSRF-TOKEN')).toBe(`${life}; SameSite=Lax`);
  });

  it('ends what was kept beside the one before', () => {
    delivery.deliver(browser({ auth_impersonator: 'x' }), answer, { user, session });
    expect(answer.attributes('auth_impersonator')).toBe('Max-Age=0; Path=/; HttpOnly; SameSite=Lax');
  });

  it('adds to the devices of the browser, and takes none from another site', () => {
    const devices = lab.app.get(DeviceCookie);
    const before = devices.withDevice(devices.read(undefined), 'u9');
    delivery.rememberDevice(browser({ auth_device: before }), answer, session.userId);
    const known = devices.read(answer.value('auth_device'));
    expect(known.toArray().map(({ userId }) => userId)).toEqual([session.userId, 'u9']);
    const none = new CookieAnswer();
    delivery.rememberDevice(browser({ auth_device: before }, EVIL), none, session.userId);
    expect(none.lines).toEqual([]);
  });
});

describe('the devices of a client', () => {
  it('are those of its token, or else of its cookie', () => {
    const devices = lab.app.get(DeviceCookie);
    const [cookie, token] = ['u1', 'u2'].map((id) => devices.withDevice(devices.read(undefined), id));
    const of = (...args: Parameters<SessionDelivery['devicesOf']>) =>
      delivery
        .devicesOf(...args)
        .toArray()
        .map(({ userId }) => userId);
    expect(of(browser({ auth_device: cookie! }))).toEqual(['u1']);
    expect(of(browser({ auth_device: cookie! }), token)).toEqual(['u2']);
    expect(of(browser({ auth_device: cookie! }), '')).toEqual([]);
    expect(of(browser())).toEqual([]);
    const anew = delivery.deviceToken('u3', token);
    expect(
      devices
        .read(anew)
        .toArray()
        .map(({ userId }) => userId),
    ).toEqual(['u3', 'u2']);
    expect(
      devices
        .read(delivery.deviceToken('u3'))
        .toArray()
        .map(({ userId }) => userId),
    ).toEqual(['u3']);
  });
});

describe('the sessions that a browser holds', () => {
  it('are those whose cookies are ours', () => {
    const reference = { userId: session.userId, sid: session.sid };
    const value = cookieOf(session);
    expect(delivery.presentedSession(browser({ auth_session: value }))).toEqual(reference);
    expect(delivery.presentedSession(browser({ auth_session: `${value}x` }))).toBeUndefined();
    expect(delivery.presentedSession(browser({ auth_impersonator: value }))).toBeUndefined();
    expect(delivery.keptSession(browser({ auth_impersonator: value }))).toEqual(reference);
    expect(delivery.keptSession(browser({ auth_impersonator: `${value}x` }))).toBeUndefined();
    expect(delivery.keptSession(browser({ auth_session: value }))).toBeUndefined();
  });
});

describe('a session in which somebody else is acted as', () => {
  it('takes the place of the browser’s own, which is kept', () => {
    const own = cookieOf({ userId: 'u1', sid: 'abcdefghijklmnopqrstuv' });
    const signedIn = delivery.deliverImpersonated(browser({ auth_session: own }), answer, { user, session });
    expect(signedIn).toMatchObject({ status: 'signed_in', user, csrfToken: answer.value('XSRF-TOKEN') });
    expect(answer.names).toEqual(['auth_impersonator', 'auth_session', 'XSRF-TOKEN']);
    expect(answer.value('auth_impersonator')).toBe(own);
    expect(answer.attributes('auth_session')).toBe('Path=/; HttpOnly; SameSite=Lax');
  });

  it('keeps nothing where there was nothing', () => {
    delivery.deliverImpersonated(browser(), answer, { user, session });
    expect(answer.names).toEqual(['auth_session', 'XSRF-TOKEN']);
  });

  it('gives its place back', () => {
    const restored = { user, session: { ...session, remember: true, restMs: HOUR_MS } };
    const request = browser({ auth_impersonator: 'x' });
    expect(delivery.restore(request, answer, restored)).toEqual({
      status: 'signed_in',
      user,
      csrfToken: answer.value('XSRF-TOKEN'),
    });
    expect(answer.names).toEqual(['auth_session', 'XSRF-TOKEN', 'auth_impersonator']);
    expect(answer.attributes('auth_session')).toBe('Max-Age=3600; Path=/; HttpOnly; SameSite=Lax');
    expect(answer.value('auth_impersonator')).toBe('');
    const short = new CookieAnswer();
    delivery.restore(browser(), short, { user, session: { ...session, remember: false, restMs: HOUR_MS } });
    expect(short.names).toEqual(['auth_session', 'XSRF-TOKEN']);
    expect(short.attributes('auth_session')).toBe('Path=/; HttpOnly; SameSite=Lax');
  });
});

describe('a session that is taken back', () => {
  it('leaves the device, and what is kept beside it unless the request is there', () => {
    delivery.withdraw(answer);
    expect(answer.names).toEqual(['auth_session', 'XSRF-TOKEN']);
    expect(answer.attributes('auth_session')).toBe('Max-Age=0; Path=/; HttpOnly; SameSite=Lax');
    expect(answer.attributes('XSRF-TOKEN')).toBe('Max-Age=0; Path=/; SameSite=Lax');
    const both = new CookieAnswer();
    delivery.withdraw(both, browser({ auth_impersonator: 'x' }));
    expect(both.names).toEqual(['auth_session', 'XSRF-TOKEN', 'auth_impersonator']);
    const one = new CookieAnswer();
    delivery.withdraw(one, browser());
    expect(one.names).toEqual(['auth_session', 'XSRF-TOKEN']);
  });
});

describe('an application without a cookie for scripts', () => {
  it('sets and clears none', async () => {
    const plain = await SessionLab.start();
    try {
      const own = plain.app.get(SessionDelivery);
      own.deliver(browser(), answer, { user, session });
      own.withdraw(answer);
      expect(answer.names).toEqual(['auth_session', 'auth_device', 'auth_session']);
    } finally {
      await plain.close();
    }
  });
});

describe('a completed sign-in', () => {
  const target = (more: object = {}) => ({ request: browser(), response: answer, ...more });

  it('is answered in cookies', async () => {
    const signedIn = await signIns.answer('cookie', target(), { user, session });
    expect(signedIn).toEqual({ status: 'signed_in', user, csrfToken: answer.value('XSRF-TOKEN') });
  });

  it('is answered in tokens, beside the device', async () => {
    await begin({ scopes: ['notes'] });
    const devices = lab.app.get(DeviceCookie);
    const deviceToken = devices.withDevice(devices.read(undefined), 'u9');
    const signedIn = await signIns.answer('tokens', target({ deviceToken }), { user, session });
    expect(signedIn).toEqual({
      status: 'signed_in',
      user,
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 300,
      refresh_token: expect.any(String),
      scope: 'notes',
      device_token: expect.any(String),
    });
    const { access_token: token, device_token: device } = signedIn as { access_token: string; device_token: string };
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
    expect(claims).toMatchObject({ sub: user.id, roles: ['writer'], email_verified: true, scope: 'notes' });
    expect(
      devices
        .read(device)
        .toArray()
        .map(({ userId }) => userId),
    ).toEqual([user.id, 'u9']);
    expect(answer.names).toEqual(['auth_device']);
  });

  it('names no scope where none was granted', async () => {
    await begin({ scopes: [] });
    expect(await signIns.answer('tokens', target(), { user, session })).toMatchObject({ scope: '' });
    expect(await signIns.answer('tokens', target(), { user, session: { ...session, scopes: null } })).toMatchObject({
      scope: '',
    });
  });

  it('leaves no session behind when nothing can be signed', async () => {
    await begin({ scopes: [] });
    await lab.events();
    Hooks.isBroken = true;
    await expect(signIns.answer('tokens', target(), { user, session })).rejects.toThrow();
    expect((await lab.row(session.id)).revokedAt).toBe(lab.clock.now());
    expect(await lab.events()).toMatchObject([
      { type: 'session.ended', sessionId: session.id, details: { reason: 'not-delivered' } },
    ]);
    expect(answer.lines).toEqual([]);
  });

  it.each([
    ['session', 'auth_session'],
    ['bearer', 'auth_device'],
  ] as const)('takes the place of a session in the delivery of that one: %s', async (via, first) => {
    await begin(via === 'bearer' ? { scopes: [] } : {});
    const principal = Principal.of({ via } as PrincipalFields);
    await signIns.replace(principal, target(), { user, session });
    expect(answer.names[0]).toBe(first);
  });
});

describe('a sign-in that waits for its second factor', () => {
  const pending = {
    userId: 'u1',
    epoch: 0,
    methods: ['pwd'],
    rememberMe: false,
    scope: undefined,
    knownDevice: undefined,
    budget: undefined,
  };
  const ask = (deliver: 'cookie' | 'tokens', request = browser()) =>
    signIns.answer(deliver, { request, response: answer }, { pending: { ...pending, deliver }, methods: ['code'] });

  it('is bound to the browser that began it', async () => {
    const due = (await ask('cookie')) as { challenge: string };
    expect(due).toEqual({
      status: 'second_factor',
      challenge: expect.stringMatching(/^[\w-]{43}$/),
      methods: ['code'],
      expiresAt: new Date(lab.clock.now() + 5 * MINUTE_MS).toISOString(),
    });
    expect(answer.names).toEqual(['auth_challenge']);
    expect(answer.attributes('auth_challenge')).toBe('Max-Age=300; Path=/; HttpOnly; SameSite=Lax');
    const waiting = lab.app.get(PendingSignIns);
    expect(await waiting.find(due.challenge, undefined)).toBeUndefined();
    const holder = browser({ auth_challenge: answer.value('auth_challenge') });
    const binding = lab.app.get(BrowserBinding).of(holder, 'challenge');
    expect(await waiting.find(due.challenge, binding)).toMatchObject({ userId: 'u1' });
  });

  it('is bound to nothing where there are no cookies', async () => {
    const due = (await ask('tokens')) as { challenge: string };
    expect(answer.lines).toEqual([]);
    expect(await lab.app.get(PendingSignIns).find(due.challenge, undefined)).toMatchObject({ deliver: 'tokens' });
  });
});

describe('what is typed to sign in with', () => {
  const takes = (value: unknown): boolean => v.safeParse(identifierSchema, value).success;

  it('is text of at most 254 characters without control characters', () => {
    expect(takes('x'.repeat(254))).toBe(true);
    expect(takes('')).toBe(true);
    for (const wrong of ['x'.repeat(255), 'a\0b', 'a\u007f', '\n', 7, null]) expect(takes(wrong)).toBe(false);
    const { issues } = v.safeParse(identifierSchema, '\0');
    expect(issues?.map(({ message }) => message)).toEqual(['This contains characters that no identifier has.']);
  });
});
