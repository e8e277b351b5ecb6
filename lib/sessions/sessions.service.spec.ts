import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../database/database.js';
import { OneTimeToken } from '../one-time-tokens/one-time-token.entity.js';
import { OneTimeTokens } from '../one-time-tokens/one-time-tokens.service.js';
import { LAB_CLIENT, SessionLab } from '../../test/support/session-lab.js';
import { MailAccounts } from '../users/mail-accounts.service.js';
import type { LoginSession } from './login-session.entity.js';
import { SessionCache } from './session-cache.js';
import { Sessions, type SessionEnd } from './sessions.service.js';

const NOBODY = '0190a0a0-0000-7000-8000-000000000000';
const APPLICATION = { actorId: null, impersonatorId: null, identifier: null, address: null, userAgent: null };

let lab: SessionLab;
let sessions: Sessions;
let userId: string;
let own: LoginSession;

beforeAll(async () => {
  lab = await SessionLab.start({ sessions: { idle: '20m', absolute: '2h' } });
  sessions = lab.app.get(Sessions);
});
afterAll(() => lab.close());

beforeEach(async () => {
  userId = await lab.person();
  own = await lab.open(userId);
  await lab.events();
});

const live = async (): Promise<string[]> => (await sessions.list(userId)).items.map(({ id }) => id);

/** A link for a change of the address, such as a stranger may have asked for. */
async function askForChange(): Promise<void> {
  const account = (await lab.app.get(MailAccounts).find(userId))!;
  await lab.app
    .get(Database)
    .write((manager) =>
      lab.app.get(OneTimeTokens).issue(manager, { purpose: 'change-email', account, newAddress: 'x@lab.example' }),
    );
}
const linkStands = (): Promise<boolean> => lab.app.dataSource.manager.existsBy(OneTimeToken, { userId });

describe('the list of sessions', () => {
  it('shows each as its owner may see it, newest first', async () => {
    const other = await lab.open(userId, {
      client: { address: '192.0.2.9', userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0' },
      methods: ['pwd', 'otp', 'mfa'],
    });
    const page = await sessions.list(userId, { currentId: own.id });
    expect(page).toEqual({
      items: [
        {
          id: other.id,
          current: false,
          createdAt: new Date(other.createdAt),
          lastSeenAt: new Date(other.lastSeenAt),
          expiresAt: new Date(other.expiresAt),
          ip: '192.0.2.9',
          userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0',
          device: 'Firefox on Linux',
          methods: ['pwd', 'otp', 'mfa'],
        },
        expect.objectContaining({ id: own.id, current: true, device: 'Unknown device' }),
      ],
      nextCursor: null,
    });
  });

  it('does not show where an administrator sits', async () => {
    await lab.alter(own.id, { impersonatorId: 'somebody' });
    expect((await sessions.list(userId)).items).toMatchObject([
      { ip: '', userAgent: '', device: 'Administrator', impersonated: true },
    ]);
  });

  it('leaves out what is over, revoked, of another epoch or of a disabled account', async () => {
    const now = lab.clock.now();
    await lab.alter(own.id, { revokedAt: now });
    expect(await live()).toEqual([]);
    await lab.alter(own.id, { revokedAt: null, expiresAt: now });
    expect(await live()).toEqual([]);
    await lab.alter(own.id, { expiresAt: now + 1, lastSeenAt: now - own.idleMs });
    expect(await live()).toEqual([]);
    await lab.alter(own.id, { lastSeenAt: now - own.idleMs + 1 });
    expect(await live()).toEqual([own.id]);
    await lab.alterAccount(userId, { disabledAt: 1 });
    expect(await live()).toEqual([]);
    await lab.alterAccount(userId, { disabledAt: null, epoch: 1 });
    expect(await live()).toEqual([]);
  });

  it('comes in pages of 1 to 100, each with the place at which the next begins', async () => {
    const ids = [own.id];
    for (let times = 0; times < 4; times += 1) ids.unshift((await lab.open(userId)).id);
    const first = await sessions.list(userId, { limit: 2 });
    expect(first.items.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect(first.nextCursor).toBe(ids[1]);
    const second = await sessions.list(userId, { limit: 3, cursor: first.nextCursor! });
    expect(second.items.map(({ id }) => id)).toEqual(ids.slice(2));
    expect(second.nextCursor).toBeNull();
    for (const limit of [0, -5]) expect((await sessions.list(userId, { limit })).items).toHaveLength(1);
  });

  it('has 50 on a page, or 100 at most', async () => {
    const { dataSource } = lab.app;
    const row = await lab.row(own.id);
    for (let index = 0; index < 100; index += 1) {
      const id = `0000000${String(index).padStart(3, '0')}`.slice(-8);
      await dataSource.manager.insert('LoginSession', {
        ...row,
        id: `${id}-0000-7000-8000-000000000000`,
        sid: `${userId.slice(-14)}${id}`,
      });
    }
    expect((await sessions.list(userId)).items).toHaveLength(50);
    const most = await sessions.list(userId, { limit: 1_000 });
    expect(most.items).toHaveLength(100);
    expect(most.nextCursor).not.toBeNull();
  });
});

describe('one session that is revoked', () => {
  it('ends with the link for a change of address, and is told', async () => {
    const other = await lab.open(userId);
    await askForChange();
    await sessions.revoke(userId, own.id, { actorId: userId, sessionId: other.id, client: LAB_CLIENT });
    expect((await lab.row(own.id)).revokedAt).toBe(lab.clock.now());
    expect(await live()).toEqual([other.id]);
    expect(await linkStands()).toBe(false);
    expect(await lab.events()).toEqual([
      {
        type: 'session.revoked',
        outcome: 'success',
        actorId: userId,
        impersonatorId: null,
        subjectId: userId,
        sessionId: other.id,
        identifier: null,
        address: LAB_CLIENT.address,
        userAgent: LAB_CLIENT.userAgent,
        details: { ended: own.id },
      },
    ]);
  });

  it('is by default by the application', async () => {
    await sessions.revoke(userId, own.id);
    expect(await lab.events()).toEqual([
      {
        ...APPLICATION,
        type: 'session.revoked',
        outcome: 'success',
        subjectId: userId,
        sessionId: null,
        details: { ended: own.id },
      },
    ]);
  });

  it.each([
    ['what is no id', async () => 'x'],
    ['nobody’s', async () => NOBODY],
    ['another user’s', async () => (await lab.open(await lab.person())).id],
  ])('is not found: %s', async (_what, idOf) => {
    const id = await idOf();
    await askForChange();
    await expect(sessions.revoke(userId, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await lab.events()).toEqual([]);
    expect(await linkStands()).toBe(true);
    expect(await live()).toEqual([own.id]);
  });

  it('is not found a second time, nor once it is over', async () => {
    const now = lab.clock.now();
    await lab.alter(own.id, { expiresAt: now });
    await expect(sessions.revoke(userId, own.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await lab.alter(own.id, { expiresAt: now + 1, lastSeenAt: now - own.idleMs });
    await expect(sessions.revoke(userId, own.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await lab.alter(own.id, { lastSeenAt: now - own.idleMs + 1 });
    await sessions.revoke(userId, own.id);
    await expect(sessions.revoke(userId, own.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a session that is ended by its sid', () => {
  const NOTICE = { kind: 'refresh-token-reused', locale: 'en' } as const;
  const end = (more: Partial<SessionEnd> = {}, sid = own.sid) =>
    sessions.revokeBySid(userId, sid, { type: 'session.ended', ...more });

  it('ends once, with its event, its letter and the link for a change of address', async () => {
    await askForChange();
    const letter = async () => ({ ...NOTICE, userId });
    const details = { reason: 'x' };
    expect(await end({ letter, actorId: userId, client: LAB_CLIENT, details })).toBe(true);
    expect(await end({ letter })).toBe(false);
    expect((await lab.row(own.id)).revokedAt).toBe(lab.clock.now());
    expect(await linkStands()).toBe(false);
    expect(await lab.letters()).toMatchObject([{ ...NOTICE, userId }]);
    expect(await lab.events()).toEqual([
      {
        type: 'session.ended',
        outcome: 'success',
        actorId: userId,
        impersonatorId: null,
        subjectId: userId,
        sessionId: own.id,
        identifier: null,
        address: LAB_CLIENT.address,
        userAgent: LAB_CLIENT.userAgent,
        details,
      },
    ]);
  });

  it('leaves the link where the browser goes on, and writes to nobody by default', async () => {
    await askForChange();
    expect(await end({ goesOn: true })).toBe(true);
    expect(await linkStands()).toBe(true);
    expect(await lab.letters()).toEqual([]);
    expect(await lab.events()).toMatchObject([{ type: 'session.ended', details: {} }]);
  });

  it('writes no letter that was not made', async () => {
    expect(await end({ letter: async () => undefined })).toBe(true);
    expect(await lab.letters()).toEqual([]);
  });

  it('is nobody’s by another sid or user, and nothing is asked', async () => {
    const letter = () => Promise.reject(new Error('asked'));
    expect(await end({ letter }, 'x')).toBe(false);
    const other = await lab.open(await lab.person());
    expect(await end({ letter }, other.sid)).toBe(false);
    expect(await live()).toEqual([own.id]);
  });

  it('has ended when somebody was faster', async () => {
    const letter = async () => {
      await lab.alter(own.id, { revokedAt: 3 });
      return { ...NOTICE, userId };
    };
    await askForChange();
    expect(await end({ letter })).toBe(false);
    expect(await lab.events()).toEqual([]);
    expect(await lab.letters()).toEqual([]);
    expect(await linkStands()).toBe(true);
  });

  it('ends as an impersonated one where an administrator acts in it', async () => {
    const admin = await lab.person('admin');
    const origin = await lab.open(admin);
    await lab.alter(own.id, { impersonatorId: admin, impersonatorSessionId: origin.id });
    expect(await end({ leaves: true })).toBe(true);
    expect((await lab.row(origin.id)).revokedAt).toBe(lab.clock.now());
    expect((await lab.events()).map(({ type }) => type).sort()).toEqual(['impersonation.ended', 'session.ended']);
  });

  it('leaves the administrator’s own session by default', async () => {
    const origin = await lab.open(await lab.person('admin'));
    await lab.alter(own.id, { impersonatorId: origin.userId, impersonatorSessionId: origin.id });
    expect(await end()).toBe(true);
    expect((await lab.row(origin.id)).revokedAt).toBeNull();
    expect(await lab.events()).toMatchObject([{ type: 'impersonation.ended' }]);
  });
});

describe('all sessions but one', () => {
  it('end with the link for a change of address, and are counted', async () => {
    const [one, other] = [await lab.open(userId), await lab.open(userId)];
    await lab.alter(one.id, { revokedAt: 3 });
    await askForChange();
    expect(await sessions.revokeOthers(userId, own.id, { actorId: userId })).toBe(1);
    expect(await live()).toEqual([own.id]);
    expect((await lab.row(other.id)).revokedAt).toBe(lab.clock.now());
    expect((await lab.row(one.id)).revokedAt).toBe(3);
    expect(await linkStands()).toBe(false);
    expect(await lab.events()).toEqual([
      {
        ...APPLICATION,
        type: 'session.all_revoked',
        outcome: 'success',
        actorId: userId,
        subjectId: userId,
        sessionId: null,
        details: { revoked: 1, kept: own.id },
      },
    ]);
    expect((await lab.account(userId))!.epoch).toBe(0);
  });

  it('are none, and no event, where there is no other; the link goes all the same', async () => {
    await askForChange();
    expect(await sessions.revokeOthers(userId, own.id)).toBe(0);
    expect(await lab.events()).toEqual([]);
    expect(await linkStands()).toBe(false);
  });
});

describe('all sessions', () => {
  it('end with the epoch', async () => {
    await lab.open(userId);
    const other = await lab.open(await lab.person());
    await lab.events();
    expect(await sessions.revokeAll(userId)).toBe(2);
    expect(await live()).toEqual([]);
    expect((await lab.account(userId))!.epoch).toBe(1);
    expect((await lab.row(other.id)).revokedAt).toBeNull();
    expect(await lab.events()).toEqual([
      {
        ...APPLICATION,
        type: 'session.all_revoked',
        outcome: 'success',
        subjectId: userId,
        sessionId: null,
        details: { revoked: 2 },
      },
    ]);
  });

  it('are revoked when the store is down, and that is answered 503', async () => {
    const { store } = lab;
    const set = store.set.bind(store);
    store.set = () => Promise.reject(new Error('down'));
    await expect(sessions.revokeAll(userId)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    store.set = set;
    expect(await live()).toEqual([]);
  });

  it('are told to the caches of all requests', async () => {
    const cache = lab.app.get(SessionCache);
    expect(await cache.find(userId, own.sid)).toBeDefined();
    await sessions.revokeAll(userId);
    expect(await cache.find(userId, own.sid)).toBeUndefined();
  });
});
