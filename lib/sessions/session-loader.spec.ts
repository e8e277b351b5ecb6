import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../common/duration.js';
import { Accounts } from '../accounts/accounts.service.js';
import { SessionLab } from '../../test/support/session-lab.js';
import type { LoginSession } from './login-session.entity.js';
import { SessionLoader } from './session-loader.js';

let lab: SessionLab;
let loader: SessionLoader;
let userId: string;
let session: LoginSession;

beforeAll(async () => {
  lab = await SessionLab.start({ sessions: { idle: '20m', absolute: '2h' } });
  loader = lab.app.get(SessionLoader);
});
afterAll(() => lab.close());

beforeEach(async () => {
  userId = await lab.person('writer', 'editor');
  session = await lab.open(userId);
});

const load = (touch?: boolean) => loader.load(userId, session.sid, touch);

describe('a session as the database knows it', () => {
  it('is all that a request needs to know', async () => {
    expect(await load()).toEqual({
      id: session.id,
      sid: session.sid,
      userId,
      createdAt: session.createdAt,
      lastSeenAt: session.lastSeenAt,
      idleMs: 20 * MINUTE_MS,
      expiresAt: session.expiresAt,
      authenticatedAt: session.authenticatedAt,
      freshUntil: session.freshUntil,
      methods: ['pwd'],
      remember: false,
      csrfSeed: session.csrfSeed,
      scopes: null,
      roles: ['editor', 'writer'],
      impersonatorId: null,
      emailVerified: false,
    });
  });

  it('says scopes, remember-me, a proven address and that there are no roles', async () => {
    userId = await lab.person();
    session = await lab.open(userId, { scopes: ['notes'] });
    await lab.app.get(Accounts).markEmailVerified(userId);
    expect(await load()).toMatchObject({ scopes: ['notes'], emailVerified: true, roles: [], remember: false });
    session = await lab.open(userId, { rememberMe: true });
    expect(await load()).toMatchObject({ scopes: null, remember: true });
  });

  it('is live where the account has no row and no epoch has risen', async () => {
    await lab.app.dataSource.query('DELETE FROM auth_accounts WHERE user_id = ?', [userId]);
    expect(await load()).toMatchObject({ id: session.id });
    await lab.alter(session.id, { epoch: 1 });
    expect(await load()).toBeUndefined();
  });

  it('is nobody’s by another sid or another user', async () => {
    expect(await loader.load(userId, `${session.sid.slice(1)}x`)).toBeUndefined();
    expect(await loader.load(await lab.person(), session.sid)).toBeUndefined();
    expect(await loader.load('not-an-id', session.sid)).toBeUndefined();
    expect(await loader.load('', session.sid)).toBeUndefined();
  });

  it('is dead when it is revoked, or of another epoch', async () => {
    await lab.alter(session.id, { revokedAt: 0 });
    expect(await load()).toBeUndefined();
    await lab.alter(session.id, { revokedAt: null });
    await lab.alterAccount(userId, { epoch: 1 });
    expect(await load()).toBeUndefined();
    await lab.alter(session.id, { epoch: 1 });
    expect(await load()).toBeDefined();
  });

  it('is dead when the account is disabled or the user is gone', async () => {
    await lab.alterAccount(userId, { disabledAt: 0 });
    expect(await load()).toBeUndefined();
    await lab.alterAccount(userId, { disabledAt: null });
    expect(await load()).toBeDefined();
    await lab.app.dataSource.query('DELETE FROM users WHERE id = ?', [userId]);
    expect(await load()).toBeUndefined();
  });

  it('is dead at its absolute end, and not before', async () => {
    await lab.alter(session.id, { idleMs: 9 * HOUR_MS });
    lab.clock.advance(2 * HOUR_MS - 1);
    expect(await load(false)).toBeDefined();
    lab.clock.advance(1);
    expect(await load(false)).toBeUndefined();
  });

  it('is dead at its idle end, and not before', async () => {
    lab.clock.advance(20 * MINUTE_MS - 1);
    expect(await load(false)).toBeDefined();
    lab.clock.advance(1);
    expect(await load(false)).toBeUndefined();
  });
});

describe('the time at which it was last seen', () => {
  const seenAt = async () => (await lab.row(session.id)).lastSeenAt;

  it('is written when more than a minute has gone, and said at once', async () => {
    lab.clock.advance(MINUTE_MS);
    expect(await load()).toMatchObject({ lastSeenAt: session.lastSeenAt });
    expect(await seenAt()).toBe(session.lastSeenAt);
    lab.clock.advance(1);
    expect(await load()).toMatchObject({ id: session.id, roles: ['editor', 'writer'], lastSeenAt: lab.clock.now() });
    expect(await seenAt()).toBe(lab.clock.now());
  });

  it('is not written by a look-up that is no activity', async () => {
    lab.clock.advance(2 * MINUTE_MS);
    expect(await load(false)).toMatchObject({ lastSeenAt: session.lastSeenAt });
    expect(await seenAt()).toBe(session.lastSeenAt);
  });

  it('is written for this session alone', async () => {
    const other = await lab.open(userId);
    lab.clock.advance(2 * MINUTE_MS);
    await load();
    expect((await lab.row(other.id)).lastSeenAt).toBe(other.lastSeenAt);
  });

  it('is said as it was when the database refuses the statement', async () => {
    const { dataSource } = lab.app;
    await dataSource.query(
      "CREATE TRIGGER refuse BEFORE UPDATE ON auth_sessions BEGIN SELECT RAISE(ABORT, 'refused'); END",
    );
    lab.clock.advance(2 * MINUTE_MS);
    expect(await load()).toMatchObject({ lastSeenAt: session.lastSeenAt });
    await dataSource.query('DROP TRIGGER refuse');
    expect(await load()).toMatchObject({ lastSeenAt: lab.clock.now() });
  });

  it('is said as it was when the row is not there to be touched any more', async () => {
    const { dataSource } = lab.app;
    await dataSource.query('CREATE TRIGGER ignored BEFORE UPDATE ON auth_sessions BEGIN SELECT RAISE(IGNORE); END');
    lab.clock.advance(2 * MINUTE_MS);
    expect(await load()).toMatchObject({ lastSeenAt: session.lastSeenAt });
    await dataSource.query('DROP TRIGGER ignored');
  });
});
