import { IsNull } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../lib/database/database.js';
import { MailLimits } from '../../lib/attempts/mail-limits.service.js';
import { Accounts, Jobs } from '../../lib/index.js';
import { OutboxEntry } from '../../lib/mail/outbox-entry.entity.js';
import { Outbox, type NewLetter } from '../../lib/mail/outbox.js';
import { UserTable } from '../../lib/users/user-table.js';
import { until } from '../mail/kit.js';
import { PASSWORD } from '../support/app.js';
import { startRedis } from '../support/redis-server.js';
import { NEW_PASSWORD, RecoveryLab } from './kit.js';

const NOTICES = ['password-changed', 'new-device', 'refresh-token-reused'] as const;
const UNLIMITED = ['password-changed', 'refresh-token-reused'] as const;
const DATA = { address: '192.0.2.7', device: 'Firefox on Linux' };

describe('what owners are told', () => {
  let lab: RecoveryLab;
  beforeAll(async () => {
    lab = await RecoveryLab.start();
  });
  afterAll(() => lab.close());

  function post(letter: Omit<NewLetter, 'locale'>): Promise<void> {
    return lab.app.get(Database).write((manager) => lab.app.get(Outbox).add(manager, { ...letter, locale: 'en' }));
  }

  it.each(NOTICES)('%s says when, where and by what, without a link that opens anything', async (kind) => {
    const { userId, email } = await lab.newPerson();
    await post({ kind, userId, data: DATA });
    const at = new Date(lab.clock.now());
    const { text, html, token } = await lab.mail(email, kind);
    expect(token).toBeUndefined();
    for (const part of [text, html]) {
      expect(part).toContain(DATA.address);
      expect(part).toContain(DATA.device);
      expect(part).toContain(at.toISOString().slice(0, 10));
    }
  });

  it.each(UNLIMITED)('%s goes out however often, and to a disabled account too', async (kind) => {
    const { userId, email } = await lab.newPerson();
    await lab.app.get(Accounts).disable(userId);
    for (let times = 0; times < 8; times += 1) await post({ kind, userId, data: DATA });
    await lab.deliver();
    expect(lab.mailbox.all(email).filter((mail) => mail.kind === kind)).toHaveLength(8);
  });

  it.each(NOTICES)('%s is a mail without a client too, and none for an account that is gone', async (kind) => {
    const { userId, email } = await lab.newPerson();
    await post({ kind, userId });
    const { text } = await lab.mail(email, kind);
    expect(text).not.toMatch(/undefined|null/);
    await post({ kind, userId: '00000000-0000-7000-8000-000000000000', data: DATA });
    await post({ kind, userId: 'nobody', data: DATA });
    const before = lab.mailbox.all().length;
    await lab.deliver();
    expect(lab.mailbox.all()).toHaveLength(before);
  });

  it('is told to the address of then, although the account has another by now', async () => {
    const owner = await lab.newPerson();
    const { userId, email } = owner;
    const token = await lab.resetToken(owner);
    expect((await lab.reset(token)).status).toBe(204);
    const thief = await lab.signedIn(owner, NEW_PASSWORD);
    await lab.signedIn(owner, NEW_PASSWORD);
    const change = { currentPassword: NEW_PASSWORD, password: PASSWORD };
    expect((await thief.post('/auth/password/change', change)).status).toBe(200);
    await lab.app.get(Accounts).setPassword(userId, PASSWORD);
    const { refresh_token: spent } = await lab.tokensOf(owner);
    const refresh = (refresh_token: string) =>
      lab.app.client().post('/auth/token', { grant_type: 'refresh_token', refresh_token });
    const second = (await refresh(spent)).body.refresh_token as string;
    expect((await refresh(second)).status).toBe(200);
    expect((await refresh(spent)).body).toMatchObject({ error: 'invalid_grant' });
    const before = lab.mailbox.all(email).length;
    const thieves = { email: `thief-${email}`, instead: email, at: lab.clock.now() };
    await lab.app.get(Database).write((manager) => lab.app.get(UserTable).setEmail(manager, userId, thieves));
    await lab.deliver();
    expect(lab.mailbox.all(thieves.email)).toEqual([]);
    const told = lab.mailbox.all(email).slice(before);
    const times = (kind: string): number => told.filter((mail) => mail.kind === kind).length;
    expect(['password-changed', 'new-device', 'refresh-token-reused'].map(times)).toEqual([3, 2, 1]);
  });

  it('the end of an account is told to the address that it had', async () => {
    const { userId, email } = await lab.newPerson();
    await lab.app.get(Accounts).delete(userId);
    expect((await lab.mail(email, 'account-deleted')).token).toBeUndefined();
  });
});

describe('an address that somebody else has registered', () => {
  const EMAIL = 'stranger@example.com';
  const SIGN_INS = 8;

  it.each([
    { mode: 'optional', proven: false, devices: 0, passwords: 0 },
    { mode: 'off', proven: false, devices: 5, passwords: 5 },
    { mode: 'off', proven: true, devices: 5, passwords: SIGN_INS },
    { mode: 'required', proven: true, devices: 5, passwords: SIGN_INS },
  ] as const)('with $mode, proven: $proven, is told of few sign-ins', async ({ mode, proven, devices, passwords }) => {
    const lab = await RecoveryLab.start({ auth: { emailVerification: mode, rateLimits: { multiplier: 1 } } });
    try {
      const user = await lab.app.get(Accounts).create({ email: EMAIL, password: PASSWORD, emailVerified: proven });
      const person = { userId: user!.id, email: EMAIL };
      for (let times = 0; times <= SIGN_INS; times += 1) await lab.signedIn(person);
      for (let times = 0; times < SIGN_INS; times += 1) await lab.app.get(Accounts).setPassword(user!.id, PASSWORD);
      await lab.deliver();
      const sent = (kind: string): number => lab.mailbox.all(EMAIL).filter((mail) => mail.kind === kind).length;
      expect([sent('new-device'), sent('password-changed')]).toEqual([devices, passwords]);
    } finally {
      await lab.close();
    }
  });
});

describe('the limit of mail', () => {
  it('holds for letters that had to wait for the state store, and counts none of them twice', async () => {
    const redis = await startRedis();
    const auth = { redis: { url: redis.url, commandTimeout: '1s' }, rateLimits: { multiplier: 1 } } as const;
    const lab = await RecoveryLab.start({ redisUrl: redis.url, auth });
    try {
      const { email } = await lab.newPerson();
      for (let times = 0; times < 12; times += 1) expect((await lab.forgot(email)).status).toBe(202);
      await redis.stop();
      await lab.app.get(Jobs).run('outbox');
      expect(lab.mailbox.all(email)).toEqual([]);
      await redis.restart();
      await until(async () => {
        lab.clock.advance(60_000);
        await lab.app.get(Jobs).run('outbox');
        return (await lab.app.dataSource.manager.countBy(OutboxEntry, { doneAt: IsNull() })) === 0;
      }, 15_000);
      expect(lab.mailbox.all(email)).toHaveLength(5);
    } finally {
      await lab.close();
      await redis.stop();
    }
  });

  it('is spent once by a mail that is tried again', async () => {
    const lab = await RecoveryLab.start({ auth: { rateLimits: { multiplier: 1 } } });
    try {
      const { userId } = await lab.newPerson();
      const limits = lab.app.get(MailLimits);
      const allow = (entryId: string) => limits.allow({ kind: 'magic-link', userId, knownBrowser: false, entryId });
      for (let tries = 0; tries < 8; tries += 1) expect(await allow('one')).toBe(true);
      for (const entry of ['two', 'three', 'four', 'five']) expect(await allow(entry)).toBe(true);
      for (let tries = 0; tries < 2; tries += 1) expect(await allow('six')).toBe(false);
      expect(await allow('one')).toBe(true);
    } finally {
      await lab.close();
    }
  });
});
