import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthEvents, AuthHooks, customMail, MailTransport, PasswordHasher } from '../../lib/index.js';
import { FastPasswordHasher } from '../../lib/testing/index.js';
import { PASSWORD } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import { postgresUrl } from '../support/services.js';
import { Wire } from '../faults/wire.js';
import { NEW_PASSWORD, RecoveryLab, type Person } from './kit.js';

/** Calls back while a new password is being hashed: after the link was looked at, before anything is written. */
@Injectable()
class Interrupted extends FastPasswordHasher {
  interrupt: (() => Promise<void> | void) | undefined;

  override async hash(password: string): Promise<string> {
    const { interrupt } = this;
    this.interrupt = undefined;
    await interrupt?.();
    return super.hash(password);
  }
}

describe('a fault in the middle', () => {
  const wire = new Wire();
  let target: string;
  let redis: PrivateRedis;
  let lab: RecoveryLab;

  beforeAll(async () => {
    target = await postgresUrl();
    await wire.open(target);
    redis = await startRedis();
    lab = await RecoveryLab.start({
      databaseUrl: wire.url,
      redisUrl: redis.url,
      auth: { database: { timeout: '1s' } },
      override: (builder) => builder.overrideProvider(PasswordHasher).useClass(Interrupted),
    });
  });
  afterAll(async () => {
    await lab.close();
    await wire.cut();
    await redis.stop();
  });

  function interrupted(by: () => Promise<void> | void): void {
    (lab.app.get(PasswordHasher) as Interrupted).interrupt = by;
  }

  async function back(ask: () => Promise<Answer>, status: number): Promise<void> {
    const end = Date.now() + 6_000;
    let answer = await ask();
    while (answer.status === 503 && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      answer = await ask();
    }
    expect(answer.status).toBe(status);
  }

  async function nothingWritten({ userId, email }: Person, prefix: string): Promise<void> {
    expect(await lab.audited(userId, prefix)).toEqual([]);
    await lab.deliver();
    expect(lab.mailbox.all(email).filter(({ kind }) => kind === 'password-changed')).toEqual([]);
  }

  it('the database goes away: 503, the old password stands, the link works afterwards', async () => {
    const owner = await lab.newPerson();
    const token = await lab.issue(owner);
    interrupted(() => wire.cut());
    const answer = await lab.reset(token);
    expect([answer.status, answer.body.code]).toEqual([503, 'STORE_UNAVAILABLE']);
    expect((await lab.forgot(owner.email)).status).toBe(503);
    expect((await lab.app.client().post('/auth/unlock', { token })).status).toBe(503);
    await wire.open(target);
    await back(() => lab.app.client().signIn(owner.email, PASSWORD), 200);
    await nothingWritten(owner, 'password.reset');
    expect((await lab.reset(token)).status).toBe(204);
    await lab.signedIn(owner, NEW_PASSWORD);
  });

  it('the state store goes away: 503, nothing is changed, the link works afterwards', async () => {
    const owner = await lab.newPerson();
    const token = await lab.issue(owner);
    interrupted(() => redis.pause());
    const answer = await lab.reset(token);
    expect([answer.status, answer.body.code]).toEqual([503, 'STORE_UNAVAILABLE']);
    redis.resume();
    await back(() => lab.app.client().signIn(owner.email, PASSWORD), 200);
    await nothingWritten(owner, 'password.reset');
    expect((await lab.reset(token)).status).toBe(204);
  });

  it('the state store goes away before an unlock: 503, and the link works afterwards', async () => {
    const owner = await lab.newPerson();
    const token = await lab.issue(owner, 'unlock');
    redis.pause();
    expect((await lab.app.client().post('/auth/unlock', { token })).status).toBe(503);
    redis.resume();
    await back(() => lab.app.client().post('/auth/unlock', { token }), 204);
  });

  it.each(['database', 'state store'])(
    'the %s goes away in a change: 503, session and password stand',
    async (what) => {
      const owner = await lab.newPerson();
      const browser = await lab.signedIn(owner);
      const body = { currentPassword: PASSWORD, password: NEW_PASSWORD };
      interrupted(() => (what === 'database' ? wire.cut() : redis.pause()));
      const answer = await browser.post('/auth/password/change', body);
      expect([answer.status, answer.setCookies]).toEqual([503, []]);
      if (what === 'database') await wire.open(target);
      else redis.resume();
      await back(() => browser.get('/whoami'), 200);
      await nothingWritten(owner, 'password');
      expect((await browser.post('/auth/password/change', body)).status).toBe(200);
    },
  );
});

@Injectable()
class SilentTransport extends MailTransport {
  override send(): Promise<void> {
    return new Promise(() => undefined);
  }
}

@Injectable()
class SilentHooks extends AuthHooks {
  override beforeSignIn(): Promise<void> {
    return new Promise(() => undefined);
  }
}

it('a transport, a listener and a hook that never end change no answer', async () => {
  const lab = await RecoveryLab.start({
    auth: {
      jobs: 'timers',
      mail: customMail({ from: 'no-reply@example.com' }),
      overrides: [{ provide: MailTransport, useClass: SilentTransport }],
    },
  });
  lab.app.get(AuthEvents).on('*', () => new Promise(() => undefined));
  lab.app.get(AuthEvents).on('*', () => {
    throw new Error('a listener of the application');
  });
  const owner = await lab.newPerson();
  const browser = await lab.signedIn(owner);
  lab.app.get(AuthHooks).beforeSignIn = new SilentHooks().beforeSignIn;
  expect((await lab.forgot(owner.email)).status).toBe(202);
  const body = { currentPassword: PASSWORD, password: NEW_PASSWORD };
  expect((await browser.post('/auth/password/change', body)).status).toBe(200);
  expect((await lab.reset(await lab.issue(owner))).status).toBe(204);
  const token = await lab.issue(owner, 'unlock');
  expect((await lab.app.client().post('/auth/unlock', { token })).status).toBe(204);
  await lab.close();
});
