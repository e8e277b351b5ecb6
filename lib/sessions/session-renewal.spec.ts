import type { EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../common/duration.js';
import { Database } from '../database/database.js';
import { raiseEpoch } from '../users/account-epoch.js';
import { SessionLab } from '../../test/support/session-lab.js';
import { lockSession } from './lock-session.js';
import type { LoginSession } from './login-session.entity.js';
import { SessionRenewal, type RenewalRequest } from './session-renewal.js';

let lab: SessionLab;
let renewal: SessionRenewal;
let userId: string;
let old: LoginSession;

beforeAll(async () => {
  lab = await SessionLab.start({ sessions: { idle: '20m', absolute: '2h', fresh: '4m' } });
  renewal = lab.app.get(SessionRenewal);
});
afterAll(() => lab.close());

beforeEach(async () => {
  userId = await lab.person();
  old = await lab.open(userId);
  lab.clock.advance(5 * MINUTE_MS);
});

function renew(
  more: Partial<RenewalRequest> = {},
  change?: (manager: EntityManager) => Promise<void>,
): Promise<LoginSession | undefined> {
  const request = { userId, sessionId: old.id, ...more };
  return lab.app.get(Database).write((manager) => renewal.renew(manager, request, change && (() => change(manager))));
}

describe('a renewed session', () => {
  it('is the old one under new ids, and no fresher', async () => {
    const successor = (await renew())!;
    const now = lab.clock.now();
    expect(await lab.row(successor.id)).toEqual({
      ...old,
      id: expect.not.stringContaining(old.id),
      sid: expect.stringMatching(/^[\w-]{22}$/),
      createdAt: now,
      lastSeenAt: now,
    });
    expect(successor.sid).not.toBe(old.sid);
    expect((await lab.row(old.id)).revokedAt).toBe(now);
  });

  it('is fresh, and by one method more, after a proof', async () => {
    const successor = (await renew({ method: 'otp' }))!;
    const now = lab.clock.now();
    expect(await lab.row(successor.id)).toMatchObject({
      methods: ['pwd', 'otp', 'mfa'],
      authenticatedAt: now,
      freshUntil: now + 4 * MINUTE_MS,
      expiresAt: old.expiresAt,
    });
  });

  it('begins a family of tokens anew', async () => {
    old = await lab.open(userId, { scopes: ['notes'] });
    await lab.alter(old.id, { generation: 7, rotatedAt: 3 });
    expect(await lab.row((await renew())!.id)).toMatchObject({ generation: 0, rotatedAt: null, scopes: ['notes'] });
  });

  it('is of the epoch that the account has after the change', async () => {
    const successor = (await renew({}, (manager) => raiseEpoch(manager, userId)))!;
    expect(await lab.row(successor.id)).toMatchObject({ epoch: 1 });
  });
});

describe('a session that cannot be renewed', () => {
  let changed = false;

  async function refused(more: Partial<RenewalRequest> = {}): Promise<void> {
    changed = false;
    const { revokedAt } = await lab.row(old.id);
    expect(await renew(more, async () => void (changed = true))).toBeUndefined();
    expect(changed).toBe(false);
    expect((await lab.row(old.id)).revokedAt).toBe(revokedAt);
  }

  it('is one that is revoked', async () => {
    await lab.alter(old.id, { revokedAt: 3 });
    await refused();
  });

  it('is one of another user, or of none', async () => {
    await refused({ userId: await lab.person() });
    await refused({ sessionId: '0190a0a0-0000-7000-8000-000000000000' });
  });

  it('is one at its absolute or its idle end, and none before', async () => {
    const now = lab.clock.now();
    await lab.alter(old.id, { expiresAt: now });
    await refused();
    await lab.alter(old.id, { expiresAt: now + HOUR_MS, lastSeenAt: now - old.idleMs });
    await refused();
    await lab.alter(old.id, { expiresAt: now + 1, lastSeenAt: now - old.idleMs + 1 });
    expect(await renew()).toBeDefined();
  });

  it('is one of a disabled account, of another epoch, or in which an administrator acts', async () => {
    await lab.alterAccount(userId, { disabledAt: 1 });
    await refused();
    await lab.alterAccount(userId, { disabledAt: null, epoch: 1 });
    await refused();
    await lab.alterAccount(userId, { epoch: 0 });
    await lab.alter(old.id, { impersonatorId: 'somebody' });
    await refused();
  });
});

describe('a session that is locked', () => {
  const lock = (more: object = {}): Promise<boolean> =>
    lab.app
      .get(Database)
      .write((manager) => lockSession(manager, { userId, sessionId: old.id, ...more }, lab.clock.now()));

  it('is found while it is live, and stays as it is', async () => {
    expect(await lock()).toBe(true);
    expect(await lab.row(old.id)).toEqual({ ...old });
  });

  it('is not found once it has ended', async () => {
    const now = lab.clock.now();
    await lab.alter(old.id, { revokedAt: now });
    expect(await lock()).toBe(false);
    await lab.alter(old.id, { revokedAt: null, expiresAt: now });
    expect(await lock()).toBe(false);
    await lab.alter(old.id, { expiresAt: now + 1, lastSeenAt: now - old.idleMs });
    expect(await lock()).toBe(false);
    await lab.alter(old.id, { lastSeenAt: now - old.idleMs + 1 });
    expect(await lock()).toBe(true);
  });

  it('is not found by another user, of a disabled account or of another epoch', async () => {
    expect(await lock({ userId: await lab.person() })).toBe(false);
    await lab.alterAccount(userId, { disabledAt: 1 });
    expect(await lock()).toBe(false);
    await lab.alterAccount(userId, { disabledAt: null, epoch: 1 });
    expect(await lock()).toBe(false);
    await lab.alter(old.id, { epoch: 1 });
    expect(await lock()).toBe(true);
  });
});
