import { Controller, Get } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { Accounts, Auth } from '../../lib/index.js';
import { STANDS, PASSWORD, startApp } from '../support/app.js';
import { ADA, ANOTHER, EVE, facts, idOf, startMailApp, trail, type MailApp } from './kit.js';

const HOUR_MS = 3_600_000;

let running: MailApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** Registers and answers the token that the mail brings. */
async function registered({ app, mailbox, deliver }: MailApp, email = ADA): Promise<string> {
  expect((await app.client().register(email)).status).toBe(202);
  await deliver();
  return (await mailbox.next(email, 'verify-email')).token!;
}

describe.each(STANDS)('proving an address on $adapter, $database and $store', (stack) => {
  it('comes before the first sign-in where it is required', async () => {
    running = await startMailApp(stack);
    const { app } = running;
    const token = await registered(running);
    expect((await app.client().signIn(ADA)).status).toBe(401);
    const verified = await app.client().post('/auth/email/verify', { token });
    expect([verified.status, verified.text]).toEqual([204, '']);
    const signedIn = await app.client().signIn(ADA);
    expect(signedIn.body.user).toMatchObject({ email: ADA, emailVerified: true });
    expect(await trail(app, signedIn.body.user.id)).toEqual(
      expect.arrayContaining(['account.registered', 'email.verified']),
    );
  });

  it('refuses every other token with the same bytes, and one of thirty at once is the first', async () => {
    running = await startMailApp(stack);
    const { app, mailbox, clock, deliver } = running;
    const accounts = app.get(Accounts);
    const tokens: Record<string, string> = {};
    const addresses = ['expired', 'moved', 'disabled', 'raced', 'superseded'].map((name) => `${name}@example.com`);
    for (const email of addresses) {
      if (email.startsWith('expired')) {
        tokens[email] = await registered(running, email);
        clock.advance(24 * HOUR_MS + 1);
      } else tokens[email] = await registered(running, email);
    }
    await app.dataSource.query(
      `UPDATE users SET email_canonical = 'elsewhere@example.com' WHERE email = 'moved@example.com'`,
    );
    await accounts.disable(await idOf(app, 'disabled@example.com'));
    await app.client().post('/auth/email/verify/request', { email: 'superseded@example.com' });
    await app.client().post('/auth/password/forgot', { email: 'superseded@example.com' });
    await deliver();
    const reset = await mailbox.next('superseded@example.com', 'reset-password');
    const newest = await mailbox.next('superseded@example.com', 'verify-email');

    const verify = (token: string) => app.client().post('/auth/email/verify', { token });
    const race = await Promise.all(Array.from({ length: 30 }, () => verify(tokens['raced@example.com']!)));
    expect(race.map(({ status }) => status).sort()).toEqual([204, ...new Array<number>(29).fill(400)]);

    const [id, secret] = newest.token!.split('.') as [string, string];
    const refused = [
      ...race.filter(({ status }) => status === 400),
      ...(await Promise.all(
        [
          ...addresses.map((email) => tokens[email]!),
          reset.token!,
          `${id}.${'A'.repeat(43)}`,
          `${tokens['disabled@example.com']!.split('.')[0]}.${secret}`,
          id,
          '',
          'x'.repeat(5_000),
          'a\u0000b',
        ].map(verify),
      )),
    ].map(facts);
    expect(refused[0]).toMatchObject({ status: 400, text: expect.stringContaining('INVALID_TOKEN') });
    for (const answer of refused) expect(answer).toEqual(refused[0]);
    expect((await verify(newest.token!)).status).toBe(204);
    const failures = (await trail(app)).filter((row) => row === 'email.verification_failed:failure');
    expect(failures).toHaveLength(refused.length);
  });

  it('asks for a new mail with one answer for everybody, and mails only who has something to prove', async () => {
    running = await startMailApp(stack);
    const { app, mailbox, deliver } = running;
    const first = await registered(running);
    const eve = await app.get(Accounts).create({ email: EVE, emailVerified: true });
    const off = await app.get(Accounts).create({ email: 'off@example.com', password: PASSWORD });
    await app.get(Accounts).disable(off!.id);
    const answers = [];
    for (const email of [ADA, EVE, 'nobody@example.com', 'off@example.com']) {
      answers.push(facts(await app.client().post('/auth/email/verify/request', { email })));
    }
    expect(answers[0]).toMatchObject({ status: 202 });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    await deliver();
    const { token } = await mailbox.next(ADA, 'verify-email');
    expect(mailbox.all()).toHaveLength(2);
    expect((await app.client().post('/auth/email/verify', { token: first })).status).toBe(400);
    expect((await app.client().post('/auth/email/verify', { token })).status).toBe(204);
    expect(await trail(app, eve!.id)).toEqual(['account.created']);
  });
});

@Controller('proven')
class ProvenController {
  @Get()
  @Auth({ verified: true })
  read(): object {
    return {};
  }
}

describe('a session from before the proof', () => {
  it('has a proven address on the next request, on every node', async () => {
    const controllers = [ProvenController];
    const setup = { database: 'postgres', store: 'redis', controllers } as const;
    running = await startMailApp(setup, { emailVerification: 'optional' });
    const { app } = running;
    const token = await registered(running);
    const { databaseUrl, redisUrl } = app;
    const auth = { emailVerification: 'optional', jobs: 'manual' } as const;
    const other = await startApp({ controllers, databaseUrl: databaseUrl!, redisUrl: redisUrl!, auth });
    try {
      const ada = app.client();
      await ada.signIn(ADA);
      const seenBy = async (url: string): Promise<number> =>
        (await fetch(`${url}/proven`, { headers: { cookie: ada.cookieHeader() } })).status;
      expect([await seenBy(app.url), await seenBy(other.url)]).toEqual([403, 403]);
      expect((await app.client().post('/auth/email/verify', { token })).status).toBe(204);
      expect([await seenBy(other.url), await seenBy(app.url)]).toEqual([200, 200]);
    } finally {
      await other.close();
    }
  });
});

describe('without verification', () => {
  it('nobody gets a mail but the owner of an address that somebody registers again', async () => {
    running = await startMailApp({}, { emailVerification: 'off' });
    const { app, mailbox, deliver } = running;
    const ada = app.client();
    await ada.register(ADA);
    await ada.signIn(ADA);
    await app.client().post('/auth/email/verify/request', { email: ADA });
    await deliver();
    expect(mailbox.all()).toEqual([]);
    await app.client().register(ADA, ANOTHER);
    await deliver();
    expect(mailbox.all().map(({ kind, to }) => [kind, to])).toEqual([['existing-account', ADA]]);
    // Strangers end no session of anybody.
    expect((await ada.get('/auth/me')).status).toBe(200);
    expect((await app.client().signIn(ADA)).status).toBe(200);
    expect((await app.client().signIn(ADA, ANOTHER)).status).toBe(401);
  });
});

describe('how much mail strangers can cause', () => {
  it('is five an hour of a kind, and five more for a browser that the account knows', async () => {
    running = await startMailApp();
    const { app, mailbox, clock, deliver } = running;
    for (let count = 0; count < 7; count += 1) {
      const answer = await app.client().post('/auth/email/verify/request', { email: ADA });
      expect(answer.status).toBe(202);
      if (count === 0) await app.client().register(ADA);
      await deliver();
    }
    expect(mailbox.all(ADA)).toHaveLength(5);
    await app.get(Accounts).markEmailVerified(await idOf(app, ADA));
    const known = app.client();
    await known.signIn(ADA);
    for (let count = 0; count < 6; count += 1) {
      await app.client().register(ADA);
      await known.register(ADA);
    }
    await deliver();
    expect(mailbox.all(ADA).filter(({ kind }) => kind === 'existing-account')).toHaveLength(10);
    clock.advance(HOUR_MS);
    await app.client().register(ADA);
    await deliver();
    expect(mailbox.all(ADA).filter(({ kind }) => kind === 'existing-account')).toHaveLength(11);
  });
});
