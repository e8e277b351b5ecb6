import { afterEach, describe, expect, it, vi } from 'vitest';
import { Logger } from '@nestjs/common';
import { AuthHooks, type JsonRecord } from '../hooks/auth-hooks.js';
import { Keyring } from '../keys/keyring.js';
import type { AuthValues } from '../options/auth-options.js';
import { resolveSettings } from '../options/resolve-options.js';
import { TestClock } from '../testing/test-clock.js';
import { AccessTokens } from './access-tokens.service.js';
import { RESERVED_CLAIMS, type TokenSubject } from './access-claims.js';
import { jsonObject, parseJws, signJws, type JsonObject } from './jws.js';
import { TokenKeys } from './token-keys.js';
import { TokenPassport } from './token-passport.js';

const SECRET = 'q3Vw8nZr1TtXy6Lk0BhJd5Fg2Sa9PoIuEeRrWwQqMmN';
/** Long ago for every clock but the injected one. */
const START = Date.parse('2020-01-01T00:00:00.250Z');
const MINUTE = 60_000;

const SUBJECT: TokenSubject = {
  userId: 'u1',
  sid: 'x'.repeat(22),
  sessionId: 's1',
  sessionExpiresAt: START + 600 * MINUTE,
  authenticatedAt: START,
  freshUntil: START + 5 * MINUTE,
  methods: ['pwd'],
  roles: ['editor'],
  emailVerified: true,
  impersonatorId: null,
};

class Claims extends AuthHooks {
  readonly asked: unknown[] = [];

  constructor(private readonly given: unknown) {
    super();
  }

  override claims(whom: unknown): JsonRecord {
    this.asked.push(whom);
    return this.given as JsonRecord;
  }
}

function build(given?: unknown, values: Partial<AuthValues> = {}) {
  const clock = new TestClock(START);
  const settings = resolveSettings({ secret: SECRET, baseUrl: 'http://localhost', ...values }, { NODE_ENV: 'test' });
  const keys = new TokenKeys(settings, new Keyring(settings, clock), clock);
  const hooks = new Claims(given);
  return { clock, keys, hooks, tokens: new AccessTokens(keys, new TokenPassport(), hooks, settings, clock) };
}

function payloadOf(token: string): JsonObject {
  return jsonObject(parseJws(token)!.payload)!;
}

describe('an access token', () => {
  it('says of whom it is, in the profile of RFC 9068', async () => {
    const { tokens } = build();
    const { token, expiresIn } = await tokens.sign(SUBJECT, ['read', 'write']);
    expect(parseJws(token)!.header).toMatchObject({ typ: 'at+jwt', alg: 'HS256' });
    expect(payloadOf(token)).toMatchObject({
      iss: 'http://localhost',
      aud: 'http://localhost',
      sub: 'u1',
      scope: 'read write',
      iat: Math.floor(START / 1_000),
      exp: Math.floor(START / 1_000) + expiresIn,
    });
    const { sessionId, methods, roles } = SUBJECT;
    expect(await tokens.verify(token)).toMatchObject({
      userId: 'u1',
      sessionId,
      methods,
      roles,
      scopes: ['read', 'write'],
    });
  });

  it.each([
    [true, null],
    [false, 'root'],
  ])('says all of whom it is: verified %j, acted for by %j', async (emailVerified, impersonatorId) => {
    const { tokens } = build();
    const subject = { ...SUBJECT, emailVerified, impersonatorId };
    const { token } = await tokens.sign(subject, []);
    expect(payloadOf(token)['act']).toEqual(impersonatorId === null ? undefined : { sub: impersonatorId });
    expect(await tokens.verify(token)).toEqual({
      ...subject,
      scopes: [],
      issuedAt: START - 250,
      expiresAt: START - 250 + 15 * MINUTE,
      authenticatedAt: START - 250,
      jti: payloadOf(token)['jti'],
    });
  });

  it('is none when another key or another header stands over it', async () => {
    const { tokens, keys } = build();
    const { token } = await tokens.sign(SUBJECT, []);
    const { algorithm, signKey, kid } = keys.signing;
    const signed = (header: JsonObject) => signJws(algorithm, signKey, header, payloadOf(token));
    const header = { typ: 'at+jwt', alg: algorithm, kid };
    expect(await tokens.verify(signed(header))).toBeDefined();
    for (const other of [{ kid: 'unknown' }, { typ: 'JWT' }, { alg: 'none' }]) {
      expect(await tokens.verify(signed({ ...header, ...other }))).toBeUndefined();
    }
    expect(await tokens.verify(signJws(algorithm, signKey, header, {}))).toBeUndefined();
  });

  it('lives for 15 minutes, and no longer than its session', async () => {
    const { tokens, clock } = build();
    expect((await tokens.sign(SUBJECT, [])).expiresIn).toBe(15 * 60);
    const short = await tokens.sign({ ...SUBJECT, sessionExpiresAt: START + 1_500 }, []);
    expect(short.expiresIn).toBe(1);
    expect(await tokens.verify(short.token)).toBeDefined();
    clock.advance(750);
    expect(await tokens.verify(short.token)).toBeUndefined();
    expect((await tokens.verifyExpired(short.token))?.sid).toBe(SUBJECT.sid);
  });

  it('is remembered when it has been good, never when it has only been looked at', async () => {
    const { tokens, clock } = build();
    const { token } = await tokens.sign(SUBJECT, []);
    clock.advance(16 * MINUTE);
    expect(await tokens.verifyExpired(token)).toBeDefined();
    expect(await tokens.verify(token)).toBeUndefined();
    const another = (await tokens.sign({ ...SUBJECT, authenticatedAt: clock.now() }, [])).token;
    await tokens.verifyExpired(another);
    const claims = await tokens.verify(another);
    expect(tokens.verify(another)).toBe(claims);
  });

  it('shows every request the same claims, which nobody can alter', async () => {
    const { tokens } = build();
    const { token } = await tokens.sign(SUBJECT, ['read']);
    const claims = (await tokens.verify(token))!;
    for (const list of [claims.roles, claims.scopes, claims.methods]) {
      expect(() => (list as string[]).push('admin')).toThrow(TypeError);
    }
    expect((await tokens.verify(token))!.roles).toEqual(['editor']);
  });

  it.each([undefined, null, 1, {}, ['x']])('is no %j', async (value) => {
    const { tokens } = build();
    expect(await tokens.verify(value as string)).toBeUndefined();
    expect(await tokens.verifyExpired(value as string)).toBeUndefined();
  });
});

describe('claims of the application', () => {
  afterEach(() => vi.restoreAllMocks());

  it('stand in the token', async () => {
    const { tokens } = build({ tenant: 't1', plan: { seats: 3 }, since: new Date(START), nothing: undefined });
    const { token } = await tokens.sign(SUBJECT, []);
    expect(payloadOf(token)).toMatchObject({ tenant: 't1', plan: { seats: 3 }, since: '2020-01-01T00:00:00.250Z' });
    expect(await tokens.verify(token)).toBeDefined();
  });

  it.each([null, 'root'])('are asked for the subject and the scopes, when %j acts for it', async (impersonatorId) => {
    const { tokens, hooks } = build();
    await tokens.sign({ ...SUBJECT, impersonatorId }, ['read']);
    const { userId, sessionId, roles } = SUBJECT;
    const whom = { userId, sessionId, roles, scopes: ['read'] };
    expect(hooks.asked).toStrictEqual([impersonatorId === null ? whom : { ...whom, impersonatorId }]);
  });

  it('take no name that says who a token is from, for or about, and this is said once', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const { tokens } = build(Object.fromEntries([...RESERVED_CLAIMS].map((name) => [name, 'forged'])));
    for (let time = 0; time < 2; time += 1) {
      const { token } = await tokens.sign(SUBJECT, []);
      expect(token).toBeDefined();
      expect(Object.values(payloadOf(token))).not.toContain('forged');
      expect(await tokens.verify(token)).toMatchObject({ userId: 'u1', roles: ['editor'] });
    }
    expect(warn).toHaveBeenCalledTimes(RESERVED_CLAIMS.size);
  });

  it.each([
    ['a toJSON of its own', { toJSON: () => ({ sub: 'root', roles: ['admin'] }) }],
    ['a toJSON that adds one', { toJSON: () => ({ toJSON: 'x', sub: 'root' }) }],
    ['a member named __proto__', JSON.parse('{"__proto__":{"sub":"root","toJSON":1}}')],
  ])('do not speak for the whole token by %s', async (_what, given) => {
    vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const { tokens } = build(given);
    expect(await tokens.verify((await tokens.sign(SUBJECT, [])).token)).toMatchObject({
      userId: 'u1',
      roles: ['editor'],
    });
  });

  it('may not make a token longer than one that is read', async () => {
    const { tokens } = build({ big: 'x'.repeat(6_000) });
    await expect(tokens.sign(SUBJECT, [])).rejects.toThrow(/of 8192 at most: let AuthHooks\.claims return less/);
  });
});
