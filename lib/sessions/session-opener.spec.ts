import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../common/duration.js';
import { LAB_CLIENT, SessionLab } from '../../test/support/session-lab.js';
import { SessionCache } from './session-cache.js';
import { SessionOpener, type OpenedSession, type OpeningRecord } from './session-opener.js';

const CAP = 3;

let lab: SessionLab;
let opener: SessionOpener;

beforeAll(async () => {
  lab = await SessionLab.start({
    sessions: { idle: '20m', absolute: '10h', rememberIdle: '7d', rememberAbsolute: '20d', fresh: '4m', cap: CAP },
    tokens: { refreshIdle: '3d', refreshAbsolute: '25d' },
  });
  opener = lab.app.get(SessionOpener);
});
afterAll(() => lab.close());

/** Keeps what it is told, as the record of a sign-in would write it. */
class Told implements OpeningRecord {
  readonly opens: OpenedSession[] = [];
  losses = 0;

  opened = async (_manager: unknown, opened: OpenedSession): Promise<void> => void this.opens.push(opened);
  lost = async (): Promise<void> => void (this.losses += 1);
}

const requestOf = (userId: string, more: object = {}) => ({
  userId,
  epoch: 0,
  methods: ['pwd'],
  rememberMe: false,
  client: LAB_CLIENT,
  ...more,
});

/** Ids of the user's sessions that are not revoked. */
async function standing(userId: string): Promise<string[]> {
  const rows = await lab.app.dataSource.query(
    'SELECT id FROM auth_sessions WHERE user_id = ? AND revoked_at IS NULL ORDER BY id',
    [userId],
  );
  return rows.map(({ id }: { id: string }) => id);
}

/** How often the snapshots of the user were made worthless. */
async function forgotten(userId: string, work: () => Promise<unknown>): Promise<number> {
  let times = 0;
  const end = lab.app.get(SessionCache).onChange((id) => void (times += id === userId ? 1 : 0));
  await work();
  end();
  return times;
}

describe('a new session', () => {
  it('is a cookie session of the browser that asked, as it is stored', async () => {
    const userId = await lab.person();
    const session = await lab.open(userId);
    const now = lab.clock.now();
    expect(await lab.row(session.id)).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      sid: expect.stringMatching(/^[\w-]{22}$/),
      userId,
      epoch: 0,
      createdAt: now,
      lastSeenAt: now,
      expiresAt: now + 10 * HOUR_MS,
      idleMs: 20 * MINUTE_MS,
      authenticatedAt: now,
      freshUntil: now + 4 * MINUTE_MS,
      impersonatorId: null,
      impersonatorSessionId: null,
      methods: ['pwd'],
      remember: false,
      csrfSeed: expect.stringMatching(/^[\w-]{22}$/),
      ip: LAB_CLIENT.address,
      userAgent: LAB_CLIENT.userAgent,
      generation: null,
      rotatedAt: null,
      scopes: null,
      revokedAt: null,
    });
    expect(await lab.row(session.id)).toEqual({ ...session });
  });

  it('lives longer where it is remembered', async () => {
    const session = await lab.open(await lab.person(), { rememberMe: true });
    expect(session).toMatchObject({
      remember: true,
      idleMs: 7 * DAY_MS,
      expiresAt: lab.clock.now() + 20 * DAY_MS,
      generation: null,
      scopes: null,
    });
  });

  it.each([true, false])('begins a family of tokens with scopes, and is remembered by no browser (%s)', async (me) => {
    const scopes = ['notes', 'mail'];
    const session = await lab.open(await lab.person(), { scopes, rememberMe: me });
    expect(await lab.row(session.id)).toMatchObject({
      remember: false,
      idleMs: 3 * DAY_MS,
      expiresAt: lab.clock.now() + 25 * DAY_MS,
      generation: 0,
      scopes: ['notes', 'mail'],
    });
    expect((await lab.open(await lab.person(), { scopes: [] })).scopes).toEqual([]);
  });

  it('is no fresher, and lives no longer, than a proof that is handed on', async () => {
    const authenticatedAt = lab.clock.now() - 2 * HOUR_MS;
    const proven = { methods: ['pwd', 'otp', 'mfa'], authenticatedAt, freshUntil: authenticatedAt + 1 };
    expect(await lab.open(await lab.person(), proven)).toMatchObject({
      methods: ['pwd', 'otp', 'mfa'],
      authenticatedAt,
      freshUntil: authenticatedAt + 1,
      expiresAt: authenticatedAt + 10 * HOUR_MS,
      createdAt: lab.clock.now(),
    });
  });

  it('forgets the failures in a row and counts itself', async () => {
    const userId = await lab.person();
    await lab.open(userId);
    await lab.alterAccount(userId, { failedInRow: 7, failedInRowKnown: 8, sessionSeq: 4 });
    await lab.open(userId);
    expect(await lab.account(userId)).toMatchObject({ failedInRow: 0, failedInRowKnown: 0, sessionSeq: 5, epoch: 0 });
  });

  it('makes the account’s row where there is none', async () => {
    const userId = await lab.person();
    await lab.app.dataSource.query('DELETE FROM auth_accounts WHERE user_id = ?', [userId]);
    const told = new Told();
    expect(await opener.open(requestOf(userId), told)).toBeDefined();
    expect(await lab.account(userId)).toMatchObject({ epoch: 0, sessionSeq: 1 });
    expect(told.opens).toMatchObject([{ isFirst: true, displaced: 0 }]);
  });

  it('begins for each of several at once where there was no row', async () => {
    const userId = await lab.person();
    await lab.app.dataSource.query('DELETE FROM auth_accounts WHERE user_id = ?', [userId]);
    const sessions = await Promise.all([1, 2, 3].map(() => opener.open(requestOf(userId))));
    expect(sessions.every((session) => session !== undefined)).toBe(true);
  });

  it('is the first of the account once', async () => {
    const userId = await lab.person();
    const told = new Told();
    for (let times = 0; times < 3; times += 1) await opener.open(requestOf(userId), told);
    expect(told.opens.map(({ isFirst }) => isFirst)).toEqual([true, false, false]);
    expect(told.losses).toBe(0);
  });
});

describe('a session that is not begun', () => {
  async function lost(userId: string, more: object): Promise<void> {
    const told = new Told();
    const before = (await lab.account(userId))!.sessionSeq;
    const count = (await standing(userId)).length;
    expect(await opener.open(requestOf(userId, more), told)).toBeUndefined();
    expect(told).toMatchObject({ opens: [], losses: 1 });
    expect(await standing(userId)).toHaveLength(count);
    expect((await lab.account(userId))!.sessionSeq).toBe(before);
    expect(await opener.open(requestOf(userId, more))).toBeUndefined();
  }

  it.each([-1, 1])('is one of an epoch that is not the account’s (%i)', async (epoch) => {
    const userId = await lab.person();
    await lab.open(userId);
    await lost(userId, { epoch });
  });

  it('is one of a disabled account', async () => {
    const userId = await lab.person();
    await lab.open(userId);
    await lab.alterAccount(userId, { disabledAt: 1 });
    await lost(userId, {});
  });

  it('is one whose origin has ended, and no other', async () => {
    const userId = await lab.person();
    const origin = await lab.open(userId);
    expect(await opener.open(requestOf(userId, { sessionId: origin.id }))).toBeDefined();
    await lab.alter(origin.id, { revokedAt: 1 });
    await lost(userId, { sessionId: origin.id });
  });

  it('is one whose origin is over, or another user’s', async () => {
    const userId = await lab.person();
    const origin = await lab.open(userId);
    await lab.alter(origin.id, { expiresAt: lab.clock.now() });
    await lost(userId, { sessionId: origin.id });
    await lost(userId, { sessionId: (await lab.open(await lab.person())).id });
  });
});

describe('the cap', () => {
  it('is met without displacing anybody, and exceeded at the cost of the oldest', async () => {
    const userId = await lab.person();
    const told = new Told();
    const sessions = [];
    for (let times = 0; times < CAP + 2; times += 1) {
      lab.clock.advance(1);
      sessions.push((await opener.open(requestOf(userId), told))!.id);
    }
    expect(told.opens.map(({ displaced }) => displaced)).toEqual([0, 0, 0, 1, 1]);
    expect(await standing(userId)).toEqual(sessions.slice(2));
    expect((await lab.row(sessions[0]!)).revokedAt).toBe((await lab.row(sessions[3]!)).createdAt);
  });

  it('is kept by a change of the cache that is announced before, and by nothing below it', async () => {
    const userId = await lab.person();
    const open = () => lab.open(userId);
    for (let times = 0; times < CAP; times += 1) expect(await forgotten(userId, open)).toBe(0);
    const cache = lab.app.get(SessionCache);
    const [, , newest] = (await standing(userId)).slice(0, 3);
    const { sid } = await lab.row(newest!);
    await cache.find(userId, sid);
    expect(await forgotten(userId, open)).toBe(1);
  });

  it('makes snapshots worthless where others have filled it meanwhile', async () => {
    const userId = await lab.person();
    const many = () => Promise.all(Array.from({ length: CAP + 2 }, () => opener.open(requestOf(userId))));
    expect(await forgotten(userId, many)).toBe(2);
    expect(await standing(userId)).toHaveLength(CAP);
  });

  it('takes sessions of one moment by their ids', async () => {
    const userId = await lab.person();
    const sessions = [];
    for (let times = 0; times < CAP; times += 1) sessions.push((await opener.open(requestOf(userId)))!.id);
    await lab.open(userId);
    expect(await standing(userId)).not.toContain(sessions.sort()[0]);
    expect(await standing(userId)).toEqual(expect.arrayContaining(sessions.slice(1)));
  });

  it('counts those that are live alone', async () => {
    const userId = await lab.person();
    const [first, second, third] = [await lab.open(userId), await lab.open(userId), await lab.open(userId)];
    await lab.alter(first.id, { revokedAt: 1 });
    await lab.alter(second.id, { expiresAt: lab.clock.now() + 1 });
    const told = new Told();
    lab.clock.advance(1);
    await opener.open(requestOf(userId), told);
    await opener.open(requestOf(userId), told);
    expect(told.opens.map(({ displaced }) => displaced)).toEqual([0, 0]);
    expect((await lab.row(third.id)).revokedAt).toBeNull();
  });

  it('leaves those alone in which an administrator acts as the user', async () => {
    const userId = await lab.person();
    const foreign = await lab.open(userId);
    await lab.alter(foreign.id, { impersonatorId: 'somebody' });
    for (let times = 0; times < CAP + 1; times += 1) await lab.open(userId);
    expect(await standing(userId)).toHaveLength(CAP + 1);
    expect((await lab.row(foreign.id)).revokedAt).toBeNull();
  });

  it('is each user’s own', async () => {
    const [one, other] = [await lab.person(), await lab.person()];
    for (let times = 0; times < CAP; times += 1) await lab.open(one);
    await lab.open(other);
    expect(await standing(one)).toHaveLength(CAP);
  });
});
