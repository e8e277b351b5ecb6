import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PASSWORD } from '../../test/support/app.js';
import { LAB_CLIENT, SessionLab } from '../../test/support/session-lab.js';
import { Accounts } from '../accounts/accounts.service.js';
import { DeviceCookie } from '../attempts/device-cookie.js';
import { KnownDevices } from '../attempts/known-devices.js';
import { MINUTE_MS } from '../common/duration.js';
import { AuthSettings } from '../options/auth-settings.js';
import { FastPasswordHasher } from '../testing/index.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { CurrentPassword } from './current-password.service.js';
import { PasswordRecord } from './password-record.service.js';
import { PasswordSignIn, type PasswordSignInRequest } from './password-sign-in.service.js';
import type { CompletedSignIn } from './sign-in.service.js';

/** Hashes fast, and wants every stored hash made anew when it is told so. */
class MovingHasher extends FastPasswordHasher {
  static isBehind = false;
  static isBroken = false;
  static verified = 0;

  override hash(password: string): Promise<string> {
    return MovingHasher.isBroken ? Promise.reject(new Error('broken')) : super.hash(password);
  }
  override verify(password: string, stored: string): Promise<boolean> {
    MovingHasher.verified += 1;
    return super.verify(password, stored);
  }
  override needsRehash(): boolean {
    return MovingHasher.isBehind;
  }
}

const STRANGER = new KnownDevices([]);
const WRONG = 'wrong password of somebody';

let lab: SessionLab;
let userId: string;
let email: string;

const start = (emailVerification: 'off' | 'required'): Promise<SessionLab> =>
  SessionLab.start(
    { emailVerification, tokens: { scopes: { notes: 'everyone' } } },
    {
      override: (builder) =>
        builder.overrideProvider(PasswordHasher).useFactory({
          factory: (settings: AuthSettings) => new MovingHasher(settings),
          inject: [AuthSettings] as never,
        }),
    },
  );

async function newcomer(): Promise<void> {
  userId = await lab.person();
  await written();
  await lab.events();
  await lab.letters();
  email = (await lab.app.get(Accounts).find(userId))!.email;
}

let place = 0;

/** From an address of its own, so that only the account is counted. */
function requestOf(more: Partial<PasswordSignInRequest> = {}): PasswordSignInRequest {
  place += 1;
  return {
    identifier: email,
    password: PASSWORD,
    rememberMe: false,
    deliver: 'cookie',
    client: { ...LAB_CLIENT, address: `10.0.${place >> 8}.${place & 255}` },
    locale: 'de',
    devices: STRANGER,
    replaces: undefined,
    gone: new AbortController().signal,
    ...more,
  };
}

const signIn = (more: Partial<PasswordSignInRequest> = {}) =>
  lab.app.get(PasswordSignIn).signInWith(requestOf(more)) as Promise<CompletedSignIn>;
const refused = (more: Partial<PasswordSignInRequest> = {}) =>
  expect(signIn({ password: WRONG, ...more })).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' });
const written = () => lab.app.get(PasswordRecord).beforeApplicationShutdown();
const passwordHash = async (): Promise<string> =>
  (await lab.app.dataSource.query('SELECT password_hash AS hash FROM users WHERE id = ?', [userId]))[0].hash;

beforeEach(async () => {
  MovingHasher.isBehind = false;
  if (lab !== undefined) await newcomer();
});
afterEach(() => vi.restoreAllMocks());

describe('a password', () => {
  beforeAll(async () => {
    lab = await start('off');
    await newcomer();
  });
  afterAll(() => lab.close());

  it('signs its owner in, by any spelling of the address', async () => {
    expect((await signIn({ rememberMe: true })).session).toMatchObject({ userId, methods: ['pwd'], remember: true });
    expect((await signIn({ identifier: ` ${email.toUpperCase()} ` })).user.id).toBe(userId);
  });

  it('costs one hash, right, wrong or nobody’s', async () => {
    await lab.open(userId);
    for (const attempt of [() => signIn(), () => refused(), () => refused({ identifier: 'nobody@lab.example' })]) {
      MovingHasher.verified = 0;
      await attempt();
      expect(MovingHasher.verified).toBe(1);
    }
  });

  it('is refused for scopes that nobody can have, before anything is looked at', async () => {
    MovingHasher.verified = 0;
    await expect(signIn({ deliver: 'tokens', scope: 'x' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(MovingHasher.verified).toBe(0);
    expect((await signIn({ scope: 'x' })).session.scopes).toBeNull();
    expect((await signIn({ deliver: 'tokens', scope: 'notes' })).session.scopes).toEqual(['notes']);
  });

  it('that is wrong is counted and told', async () => {
    await lab.open(userId);
    const request = requestOf({ password: WRONG });
    await refused(request);
    await written();
    expect(await lab.account(userId)).toMatchObject({ failedInRow: 1, failedInRowKnown: 0 });
    expect(await lab.events()).toEqual([
      {
        type: 'sign_in.failed',
        outcome: 'failure',
        actorId: null,
        impersonatorId: null,
        subjectId: userId,
        sessionId: null,
        identifier: null,
        address: request.client.address,
        userAgent: LAB_CLIENT.userAgent,
        details: { method: 'pwd', knownBrowser: false },
      },
    ]);
    expect(await lab.letters()).toEqual([]);
  });

  it('of nobody is told by a digest of what was typed', async () => {
    await refused({ identifier: 'nobody@lab.example' });
    await written();
    expect(await lab.events()).toMatchObject([
      { type: 'sign_in.failed', subjectId: null, identifier: expect.stringMatching(/^[\w-]{43}$/) },
    ]);
  });

  it('is counted for an account that has no row yet', async () => {
    await lab.app.dataSource.query('DELETE FROM auth_accounts WHERE user_id = ?', [userId]);
    await refused();
    await written();
    expect(await lab.account(userId)).toMatchObject({ failedInRow: 1, epoch: 0 });
  });

  it('locks the account with the fifth failure, which is told and mailed once', async () => {
    await lab.open(userId);
    for (let times = 0; times < 5; times += 1) await refused();
    await expect(signIn()).rejects.toMatchObject({ code: 'TOO_MANY_ATTEMPTS' });
    await written();
    const events = await lab.events();
    expect(events.map(({ type }) => type)).toEqual([...Array(5).fill('sign_in.failed'), 'sign_in.locked']);
    expect(events[5]).toMatchObject({ outcome: 'failure', subjectId: userId, details: { lockedForSeconds: 60 } });
    expect(await lab.letters()).toEqual([
      {
        kind: 'unlock',
        userId,
        address: email,
        locale: 'de',
        at: lab.clock.now(),
        data: { address: expect.stringMatching(/^10\./), device: 'Unknown device', devices: [], stopped: false },
      },
    ]);
  });

  it('locks what is nobody’s as well, with a letter to what was typed', async () => {
    const identifier = `nobody-${userId}@lab.example`;
    for (let times = 0; times < 5; times += 1) await refused({ identifier });
    await written();
    const [letter] = await lab.letters();
    expect(letter).toMatchObject({ kind: 'unlock', address: identifier });
    expect(letter).not.toHaveProperty('userId');
  });

  it('that is right forgets the failures before', async () => {
    await lab.open(userId);
    for (let round = 0; round < 3; round += 1) {
      for (let times = 0; times < 4; times += 1) await refused();
      await written();
      await signIn();
    }
    expect(await lab.account(userId)).toMatchObject({ failedInRow: 0 });
  });

  it('stops the account with the hundredth failure in a row, and takes none from then on', async () => {
    await lab.open(userId);
    await lab.alterAccount(userId, { failedInRow: 98 });
    await refused();
    await written();
    expect((await lab.events()).map(({ type }) => type)).toEqual(['sign_in.failed']);
    await refused();
    await written();
    const events = await lab.events();
    expect(events.map(({ type }) => type)).toEqual(['sign_in.failed', 'sign_in.stopped']);
    expect(events[1]).toMatchObject({ subjectId: userId, details: { knownBrowser: false } });
    expect(await lab.letters()).toMatchObject([{ kind: 'unlock', data: { stopped: true } }]);
    await refused({ password: PASSWORD });
    await written();
    expect((await lab.events()).map(({ type }) => type)).toEqual(['sign_in.failed']);
    expect(await lab.account(userId)).toMatchObject({ failedInRow: 101 });
  });

  it('is taken at 99 failures in a row', async () => {
    await lab.open(userId);
    await lab.alterAccount(userId, { failedInRow: 99, failedInRowKnown: 100 });
    expect(await signIn()).toBeDefined();
  });

  it('is counted apart for a browser that the account knows', async () => {
    await lab.open(userId);
    await lab.alterAccount(userId, { failedInRow: 100 });
    const cookie = lab.app.get(DeviceCookie);
    const devices = cookie.read(cookie.withDevice(STRANGER, userId));
    await refused({ devices });
    await written();
    expect(await lab.account(userId)).toMatchObject({ failedInRow: 100, failedInRowKnown: 1 });
    expect(await lab.events()).toMatchObject([{ details: { knownBrowser: true } }]);
    await signIn({ devices });
    const done = (await lab.events()).find(({ type }) => type === 'sign_in.succeeded');
    expect(done).toMatchObject({ details: { knownBrowser: true } });
    await lab.alterAccount(userId, { failedInRowKnown: 100 });
    await refused({ devices, password: PASSWORD });
    await written();
  });

  it('stops a known browser by a count of its own', async () => {
    await lab.open(userId);
    await lab.alterAccount(userId, { failedInRowKnown: 99 });
    const cookie = lab.app.get(DeviceCookie);
    const devices = cookie.read(cookie.withDevice(STRANGER, userId));
    await refused({ devices });
    await written();
    expect((await lab.events()).at(-1)).toMatchObject({ type: 'sign_in.stopped', details: { knownBrowser: true } });
    expect(await lab.letters()).toMatchObject([{ kind: 'unlock', data: { devices: [userId], stopped: true } }]);
  });

  it('of a disabled account is as wrong as any', async () => {
    await lab.open(userId);
    await lab.alterAccount(userId, { disabledAt: 3 });
    MovingHasher.verified = 0;
    await refused({ password: PASSWORD });
    await written();
    expect(MovingHasher.verified).toBe(1);
    expect(await lab.events()).toMatchObject([{ type: 'sign_in.failed', details: { method: 'pwd' } }]);
  });

  it('of an account without one is as wrong as any', async () => {
    await lab.app.dataSource.query('UPDATE users SET password_hash = NULL WHERE id = ?', [userId]);
    await refused({ password: PASSWORD });
    await written();
  });

  it('is not counted when the client has gone before its turn', async () => {
    const gone = AbortSignal.abort();
    for (let times = 0; times < 6; times += 1) {
      await expect(signIn({ gone, password: WRONG })).rejects.toMatchObject({ code: 'BUSY' });
    }
    expect(await signIn()).toBeDefined();
  });

  it('ends the session that the browser held', async () => {
    const before = await lab.open(userId);
    await signIn({ replaces: { userId, sid: before.sid } });
    expect((await lab.row(before.id)).revokedAt).not.toBeNull();
  });

  it('is hashed anew after it was right, where the stored hash is behind', async () => {
    const before = await passwordHash();
    await signIn();
    await written();
    expect(await passwordHash()).toBe(before);
    MovingHasher.isBehind = true;
    await refused();
    await written();
    expect(await passwordHash()).toBe(before);
    await signIn();
    await written();
    expect(await passwordHash()).not.toBe(before);
    MovingHasher.isBehind = false;
    expect(await signIn()).toBeDefined();
  });

  it('is not written over one that has been changed meanwhile', async () => {
    const record = lab.app.get(PasswordRecord);
    const before = await passwordHash();
    record.hashAnew(userId, PASSWORD, 'another');
    await record.beforeApplicationShutdown();
    expect(await passwordHash()).toBe(before);
  });

  it('is left as it is, and told, when it cannot be hashed', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    const before = await passwordHash();
    MovingHasher.isBehind = MovingHasher.isBroken = true;
    await signIn();
    await written();
    MovingHasher.isBroken = false;
    expect(await passwordHash()).toBe(before);
    expect(warn).toHaveBeenCalledExactlyOnceWith('A password could not be hashed anew; it will be at a later sign-in');
  });

  it('is refused all the same, and that is told, when a failure cannot be counted', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    await lab.open(userId);
    await lab.app.dataSource.query(
      "CREATE TRIGGER refuse BEFORE UPDATE ON auth_accounts BEGIN SELECT RAISE(ABORT, 'refused'); END",
    );
    await refused();
    await written();
    await lab.app.dataSource.query('DROP TRIGGER refuse');
    expect(warn).toHaveBeenCalledExactlyOnceWith('A wrong password could not be counted');
  });

  it('is waited for at the end, and not a second time', async () => {
    const record = lab.app.get(PasswordRecord);
    MovingHasher.isBehind = true;
    const before = await passwordHash();
    await signIn();
    await record.beforeApplicationShutdown();
    expect(await passwordHash()).not.toBe(before);
    expect((record as unknown as { writing: Set<unknown> }).writing.size).toBe(0);
  });

  it('is compared with the one of a signed-in user, and never matches where there is none', async () => {
    const current = lab.app.get(CurrentPassword);
    expect(await current.matches(userId, PASSWORD)).toBe(true);
    expect(await current.matches(userId, WRONG)).toBe(false);
    expect(await current.matches(await lab.person(), WRONG)).toBe(false);
    expect(await current.matches('x', PASSWORD)).toBe(false);
    const options = { signal: AbortSignal.abort() };
    await expect(current.matches(userId, PASSWORD, options)).rejects.toMatchObject({ code: 'BUSY' });
  });
});

describe('a password of an address that has to be proven', () => {
  beforeAll(async () => {
    lab = await start('required');
    await newcomer();
  });
  afterAll(() => lab.close());

  it('that is right is counted and refused as a wrong one, and its owner is told', async () => {
    await lab.open(userId);
    await lab.letters();
    await refused({ password: PASSWORD });
    await written();
    expect(await lab.events()).toMatchObject([
      { type: 'sign_in.failed', details: { method: 'pwd', knownBrowser: false, reason: 'unverified' } },
    ]);
    expect(await lab.letters()).toMatchObject([
      { kind: 'unverified-sign-in', userId, address: email, data: { stopped: false, devices: [] } },
    ]);
    expect(await lab.account(userId)).toMatchObject({ failedInRow: 1 });
  });

  it('that is wrong writes to nobody', async () => {
    await lab.open(userId);
    await lab.letters();
    await refused();
    await written();
    expect((await lab.events())[0]!.details).toEqual({ method: 'pwd', knownBrowser: false });
    expect(await lab.letters()).toEqual([]);
  });

  it('locks by right ones too, with both letters', async () => {
    await lab.open(userId);
    await lab.letters();
    for (let times = 0; times < 5; times += 1) await refused({ password: PASSWORD });
    await written();
    const kinds = (await lab.letters()).map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['unlock', ...Array(5).fill('unverified-sign-in')]);
    lab.clock.advance(MINUTE_MS);
  });

  it('signs in once it is proven', async () => {
    await lab.app.get(Accounts).markEmailVerified(userId);
    expect(await signIn()).toBeDefined();
  });
});
