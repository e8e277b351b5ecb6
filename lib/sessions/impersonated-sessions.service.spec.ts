import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../common/duration.js';
import { LAB_CLIENT, SessionLab } from '../../test/support/session-lab.js';
import {
  ImpersonatedSessions,
  type ImpersonationRecord,
  type ImpersonationRequest,
  type LostImpersonation,
} from './impersonated-sessions.service.js';
import type { LoginSession } from './login-session.entity.js';
import { SessionCache } from './session-cache.js';
import { SessionLoader } from './session-loader.js';

const TTL_MS = 30 * MINUTE_MS;

let lab: SessionLab;
let service: ImpersonatedSessions;
let adminId: string;
let userId: string;
let own: LoginSession;

beforeAll(async () => {
  lab = await SessionLab.start({
    sessions: { idle: '20m', absolute: '2h' },
    roles: { grants: { root: ['*'], writer: ['notes:write'] } },
  });
  service = lab.app.get(ImpersonatedSessions);
});
afterAll(() => lab.close());

beforeEach(async () => {
  adminId = await lab.person('admin');
  userId = await lab.person('writer');
  own = await lab.open(adminId);
  await lab.open(userId);
  lab.clock.advance(MINUTE_MS);
});

class Told implements ImpersonationRecord {
  readonly begins: string[] = [];
  readonly losses: LostImpersonation[] = [];

  begun = async (_manager: unknown, { id }: LoginSession): Promise<void> => void this.begins.push(id);
  lost = async (_manager: unknown, lost: LostImpersonation): Promise<void> => void this.losses.push(lost);
}

const requestOf = (more: Partial<ImpersonationRequest> = {}): ImpersonationRequest => ({
  administrator: { userId: adminId, sessionId: own.id },
  userId,
  epoch: 0,
  ttlMs: TTL_MS,
  scopes: null,
  client: LAB_CLIENT,
  ...more,
});

async function begin(more: Partial<ImpersonationRequest> = {}, told = new Told()): Promise<LoginSession> {
  const begun = await service.begin(requestOf(more), told);
  if ('lost' in begun) throw new Error(begun.lost);
  expect(told.begins).toEqual([begun.id]);
  return begun;
}

const isLive = async ({ userId: whose, sid }: LoginSession): Promise<boolean> =>
  (await lab.app.get(SessionLoader).load(whose, sid, false)) !== undefined;

describe('a session in which an administrator acts as the user', () => {
  it('has proven nothing, is not fresh, and ends with its own time', async () => {
    const session = await begin();
    const now = lab.clock.now();
    expect(await lab.row(session.id)).toEqual({ ...session });
    expect({ ...session }).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      sid: expect.stringMatching(/^[\w-]{22}$/),
      userId,
      epoch: 0,
      createdAt: now,
      lastSeenAt: now,
      expiresAt: now + TTL_MS,
      idleMs: 20 * MINUTE_MS,
      authenticatedAt: own.authenticatedAt,
      freshUntil: own.authenticatedAt,
      impersonatorId: adminId,
      impersonatorSessionId: own.id,
      methods: [],
      remember: false,
      csrfSeed: expect.stringMatching(/^[\w-]{22}$/),
      ip: LAB_CLIENT.address,
      userAgent: LAB_CLIENT.userAgent,
      generation: null,
      rotatedAt: null,
      scopes: null,
      revokedAt: null,
    });
    expect(await isLive(session)).toBe(true);
  });

  it('does not outlive the one in which it began', async () => {
    await lab.alter(own.id, { expiresAt: lab.clock.now() + 5 });
    expect((await begin()).expiresAt).toBe(lab.clock.now() + 5);
  });

  it('has the scopes that tokens are to have, and no refresh token', async () => {
    expect(await begin({ scopes: ['notes'] })).toMatchObject({ scopes: ['notes'], generation: null });
  });

  it('makes the row of an account that has none', async () => {
    userId = await lab.person();
    await lab.app.dataSource.query('DELETE FROM auth_accounts WHERE user_id = ?', [userId]);
    await begin();
    expect(await lab.account(userId)).toMatchObject({ epoch: 0, sessionSeq: 0 });
  });

  it('counts neither as a sign-in nor as a right password', async () => {
    await lab.alterAccount(userId, { failedInRow: 7 });
    const before = await lab.account(userId);
    await begin();
    expect(await lab.account(userId)).toEqual(before);
  });

  it('takes the place of one that began in the same session', async () => {
    const other = await lab.person();
    await lab.open(other);
    const [first, heard] = [await begin(), [] as string[]];
    const end = lab.app.get(SessionCache).onChange((id) => heard.push(id));
    await lab.events();
    const second = await begin({ userId: other });
    end();
    expect(heard).toEqual([userId]);
    expect((await lab.row(first.id)).revokedAt).toBe(lab.clock.now());
    expect((await lab.row(second.id)).revokedAt).toBeNull();
    expect(await lab.events()).toEqual([
      {
        type: 'impersonation.ended',
        outcome: 'success',
        actorId: userId,
        impersonatorId: adminId,
        subjectId: userId,
        sessionId: first.id,
        identifier: null,
        address: LAB_CLIENT.address,
        userAgent: LAB_CLIENT.userAgent,
        details: { reason: 'replaced' },
      },
    ]);
  });

  it('leaves those alone that are over, and those of his other sessions', async () => {
    const [over, revoked, idle, elsewhere] = [await begin(), await begin(), await begin(), await lab.open(adminId)];
    const now = lab.clock.now();
    const there = await begin({ administrator: { userId: adminId, sessionId: elsewhere.id } });
    await lab.alter(over.id, { expiresAt: now, revokedAt: null });
    await lab.alter(revoked.id, { revokedAt: 3 });
    await lab.alter(idle.id, { lastSeenAt: now - idle.idleMs });
    await lab.events();
    await begin();
    expect((await lab.row(over.id)).revokedAt).toBeNull();
    expect((await lab.row(revoked.id)).revokedAt).toBe(3);
    expect((await lab.row(idle.id)).revokedAt).toBeNull();
    expect((await lab.row(there.id)).revokedAt).toBeNull();
    expect(await lab.events()).toEqual([]);
  });
});

describe('what does not begin', () => {
  async function lost(reason: LostImpersonation, more: Partial<ImpersonationRequest> = {}): Promise<void> {
    const told = new Told();
    expect(await service.begin(requestOf(more), told)).toEqual({ lost: reason });
    expect(told).toMatchObject({ begins: [], losses: [reason] });
    expect(await lab.app.dataSource.query('SELECT 1 FROM auth_sessions WHERE impersonator_id = ?', [adminId])).toEqual(
      [],
    );
  }

  it('is one whose administrator has been signed out, or is disabled', async () => {
    await lost('session', { administrator: { userId, sessionId: own.id } });
    await lab.alter(own.id, { revokedAt: 3 });
    await lost('session');
    await lab.alter(own.id, { revokedAt: null });
    await lab.alterAccount(adminId, { disabledAt: 3 });
    await lost('session');
  });

  it('is one as somebody who is disabled, or has changed meanwhile', async () => {
    await lost('account', { epoch: 1 });
    await lab.alterAccount(userId, { disabledAt: 3 });
    await lost('account');
  });
});

describe('the end of such a session', () => {
  const END = { client: LAB_CLIENT, details: { reason: 'x' } };

  it('is told once', async () => {
    const session = await begin();
    expect(await service.end(session, END)).toBe(true);
    expect(await service.end(session, END)).toBe(false);
    expect((await lab.row(session.id)).revokedAt).toBe(lab.clock.now());
    expect((await lab.row(own.id)).revokedAt).toBeNull();
    expect(await lab.events()).toMatchObject([
      { type: 'impersonation.ended', subjectId: userId, sessionId: session.id, details: { reason: 'x' } },
    ]);
  });

  it('is told without details where there are none', async () => {
    await service.end(await begin(), { client: undefined });
    expect(await lab.events()).toMatchObject([{ type: 'impersonation.ended', address: null, details: {} }]);
  });

  it('is none of one that is over', async () => {
    const session = await begin();
    const now = lab.clock.now();
    await lab.alter(session.id, { expiresAt: now });
    expect(await service.end(session, END)).toBe(false);
    await lab.alter(session.id, { expiresAt: now + 1, lastSeenAt: now - session.idleMs });
    expect(await service.end(session, END)).toBe(false);
    await lab.alter(session.id, { lastSeenAt: now - session.idleMs + 1 });
    expect(await service.end(session, END)).toBe(true);
  });

  it('takes the administrator’s own session along when the browser leaves both', async () => {
    const session = await begin();
    const heard: string[] = [];
    const end = lab.app.get(SessionCache).onChange((id) => heard.push(id));
    expect(await service.end(session, { ...END, leaves: true })).toBe(true);
    end();
    expect(heard).toEqual([userId, adminId]);
    expect((await lab.row(own.id)).revokedAt).toBe(lab.clock.now());
    const [origin] = (await lab.events()).filter(({ type }) => type === 'session.ended');
    expect(origin).toEqual({
      type: 'session.ended',
      outcome: 'success',
      actorId: adminId,
      impersonatorId: null,
      subjectId: adminId,
      sessionId: own.id,
      identifier: null,
      address: LAB_CLIENT.address,
      userAgent: LAB_CLIENT.userAgent,
      details: { reason: 'replaced' },
    });
  });

  it('says nothing of an own session that has ended before, or is not known', async () => {
    const session = await begin();
    await lab.alter(own.id, { revokedAt: 3 });
    expect(await service.end(session, { ...END, leaves: true })).toBe(true);
    expect((await lab.row(own.id)).revokedAt).toBe(3);
    expect((await lab.events()).map(({ type }) => type)).toEqual(['impersonation.ended']);
    await lab.alter(own.id, { revokedAt: null });
    const next = await begin();
    expect(await service.end({ ...next, impersonatorSessionId: null }, { ...END, leaves: true })).toBe(true);
    expect((await lab.events()).map(({ type }) => type)).toEqual(['impersonation.ended']);
  });

  it('leaves the own session where tokens went out, or the session is nobody’s', async () => {
    expect(await service.end(await begin({ scopes: [] }), { ...END, leaves: true })).toBe(true);
    expect(await service.end({ ...(await begin()), impersonatorId: null }, { ...END, leaves: true })).toBe(true);
    expect((await lab.row(own.id)).revokedAt).toBeNull();
  });

  it('is committed when the store is down, and answered 503', async () => {
    const session = await begin();
    const { store } = lab;
    const set = store.set.bind(store);
    store.set = () => Promise.reject(new Error('down'));
    await expect(service.end(session, END)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    store.set = set;
    expect((await lab.row(session.id)).revokedAt).toBe(lab.clock.now());
  });
});

describe('such a session that is looked for', () => {
  it('is found by its sid or its id, of its user, live or over', async () => {
    const { id, sid } = await begin();
    expect(await service.find({ userId, sid })).toMatchObject({ id });
    await lab.alter(id, { revokedAt: 3 });
    expect(await service.find({ userId, id })).toMatchObject({ sid });
    expect(await service.find({ userId: adminId, sid })).toBeUndefined();
    expect(await service.find({ userId, sid: 'x' })).toBeUndefined();
  });

  it('is none that its user began', async () => {
    expect(await service.find({ userId: adminId, id: own.id })).toBeUndefined();
  });
});

describe('whoever acts as somebody else', () => {
  let session: LoginSession;

  beforeEach(async () => {
    session = await begin();
    expect(await isLive(session)).toBe(true);
  });

  it('goes on no longer than the session in which that began', async () => {
    await lab.alter(own.id, { revokedAt: 3 });
    expect(await isLive(session)).toBe(false);
  });

  it('goes on in no session that is not known, is another’s, or in which he is acted as himself', async () => {
    await lab.alter(session.id, { impersonatorSessionId: null });
    expect(await isLive(session)).toBe(false);
    const others = await lab.open(await lab.person('admin'));
    await lab.alter(session.id, { impersonatorSessionId: others.id });
    expect(await isLive(session)).toBe(false);
    await lab.alter(session.id, { impersonatorSessionId: own.id });
    await lab.alter(own.id, { impersonatorId: others.userId });
    expect(await isLive(session)).toBe(false);
  });

  it('goes on no longer than he is an administrator who is enabled and has not signed out everywhere', async () => {
    await lab.alterAccount(adminId, { disabledAt: 3 });
    expect(await isLive(session)).toBe(false);
    await lab.alterAccount(adminId, { disabledAt: null, epoch: 1 });
    expect(await isLive(session)).toBe(false);
    await lab.alterAccount(adminId, { epoch: 0 });
    expect(await isLive(session)).toBe(true);
    await lab.app.dataSource.query("UPDATE auth_user_roles SET role = 'writer' WHERE user_id = ?", [adminId]);
    expect(await isLive(session)).toBe(false);
  });

  it('goes on no longer than he is a user', async () => {
    await lab.app.dataSource.query('DELETE FROM users WHERE id = ?', [adminId]);
    expect(await isLive(session)).toBe(false);
    await lab.alter(session.id, { impersonatorId: 'no-id' });
    expect(await isLive(session)).toBe(false);
  });

  it('does not go on as an administrator', async () => {
    await lab.app.dataSource.query("UPDATE auth_user_roles SET role = 'admin' WHERE user_id = ?", [userId]);
    expect(await isLive(session)).toBe(false);
  });
});
