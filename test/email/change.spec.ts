import { afterEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { STANDS, PASSWORD } from '../support/app.js';
import type { Client } from '../support/client.js';
import { QueryLog } from '../support/query-log.js';
import { ADA, EVE, facts, idOf, startMailApp, trail, type MailApp } from './kit.js';

const HOUR_MS = 3_600_000;
const NEW = 'Ada.Lovelace@example.org';

let running: MailApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** A signed-in owner of a proven address. */
async function member({ app }: MailApp, email: string): Promise<Client> {
  await app.get(Accounts).create({ email, password: PASSWORD, emailVerified: true });
  const client = app.client();
  expect((await client.signIn(email)).status).toBe(200);
  return client;
}

async function ask({ mailbox, deliver }: MailApp, client: Client, email: string): Promise<string> {
  const answer = await client.post('/auth/email/change/request', { email });
  expect([answer.status, answer.body]).toEqual([202, { status: 'accepted' }]);
  await deliver();
  return (await mailbox.next(email, 'change-email')).token!;
}

describe.each(STANDS)('changing the address on $adapter, $database and $store', (stack) => {
  it('is asked for by the fresh owner, done by the link, and told to the old address', async () => {
    running = await startMailApp(stack);
    const { app, mailbox, clock, deliver } = running;
    expect((await app.client().post('/auth/email/change/request', { email: NEW })).status).toBe(401);
    const ada = await member(running, ADA);
    const phone = app.client();
    await phone.signIn(ADA);
    await app.client().post('/auth/password/forgot', { email: ADA });
    const token = await ask(running, ada, NEW);
    expect((await mailbox.next(ADA, 'email-changing')).text).toContain('127.0.0.1');
    const reset = await mailbox.next(ADA, 'reset-password');

    const changed = await app.client().post('/auth/email/change', { token });
    expect([changed.status, changed.text]).toEqual([204, '']);
    for (const client of [ada, phone]) {
      expect((await client.get('/auth/session')).body.user).toMatchObject({ email: NEW, emailVerified: true });
    }
    await deliver();
    expect((await mailbox.next(ADA, 'email-changed')).links.join()).not.toContain('token=');
    expect((await app.client().signIn(ADA)).status).toBe(401);
    expect((await app.client().signIn(NEW.toLowerCase())).status).toBe(200);
    const spent = await app.client().post('/auth/password/reset', { token: reset.token, password: `${PASSWORD}!` });
    expect(spent.body.code).toBe('INVALID_TOKEN');
    expect((await app.client().post('/auth/email/change', { token })).body.code).toBe('INVALID_TOKEN');
    expect((await trail(app, await idOf(app, NEW))).filter((type) => type.startsWith('email.'))).toEqual([
      'email.change_requested',
      'email.changed',
    ]);
    // The old address is anybody's again.
    expect(await app.get(Accounts).create({ email: ADA })).toBeDefined();
    clock.advance(5 * 60_000 + 1);
    const stale = await ada.post('/auth/email/change/request', { email: 'more@example.com' });
    expect(stale.body.code).toBe('REAUTHENTICATION_REQUIRED');
  });

  it('says nothing of other accounts, neither when it is asked for nor when it is refused', async () => {
    running = await startMailApp(stack);
    const { app, mailbox, clock, deliver } = running;
    const ada = await member(running, ADA);
    await app.get(Accounts).create({ email: EVE, emailVerified: true });
    const asked = [];
    for (const email of [EVE, 'free@example.com', ADA]) {
      asked.push(facts(await ada.post('/auth/email/change/request', { email })));
    }
    for (const answer of asked) expect(answer).toEqual(asked[0]);
    await deliver();
    expect(mailbox.all(EVE)).toEqual([]);
    const taken = (await mailbox.next('free@example.com', 'change-email')).token!;
    // Somebody takes the address before the link is opened.
    await app.get(Accounts).create({ email: 'free@example.com' });
    const superseded = await ask(running, ada, 'first@example.com');
    const good = await ask(running, ada, 'second@example.com');

    const refused = [];
    for (const token of [taken, superseded, 'x', '', `${good.split('.')[0]}.${'A'.repeat(43)}`]) {
      refused.push(facts(await app.client().post('/auth/email/change', { token })));
    }
    clock.advance(HOUR_MS);
    refused.push(facts(await app.client().post('/auth/email/change', { token: good })));
    expect(refused[0]).toMatchObject({ status: 400, text: expect.stringContaining('INVALID_TOKEN') });
    for (const answer of refused) expect(answer).toEqual(refused[0]);
    expect((await trail(app)).filter((type) => type === 'email.change_failed:failure')).toHaveLength(6);
    expect(await idOf(app, ADA)).toBeDefined();
  });

  it('outlives neither the session that asked for it, nor the owner who puts an end to that', async () => {
    running = await startMailApp(stack);
    const { app } = running;
    const owner = await member(running, ADA);
    const endings: Record<string, (thief: Client) => Promise<{ status: number }>> = {
      others: () => owner.delete('/auth/sessions?keepCurrent=true'),
      one: async () => {
        const { items } = (await owner.get('/auth/sessions')).body as { items: { id: string; current: boolean }[] };
        return owner.delete(`/auth/sessions/${items.find(({ current }) => !current)!.id}`);
      },
      'signed out': (thief) => thief.post('/auth/logout', {}),
      'signed in as somebody else': (thief) => thief.signIn(EVE),
      all: () => owner.delete('/auth/sessions?keepCurrent=false'),
    };
    await app.get(Accounts).create({ email: EVE, password: PASSWORD, emailVerified: true });
    for (const [index, [name, end]] of Object.entries(endings).entries()) {
      const thief = app.client();
      await thief.signIn(ADA);
      const token = await ask(running, thief, `eve${index}@example.org`);
      expect((await end(thief)).status, name).toBeLessThan(300);
      const late = await app.client().post('/auth/email/change', { token });
      expect([late.status, late.body?.code], name).toEqual([400, 'INVALID_TOKEN']);
    }
  });

  it('is not mailed once the session that asked for it has ended', async () => {
    running = await startMailApp(stack);
    const { mailbox, deliver } = running;
    const again = await member(running, ADA);
    for (const end of [() => again.post('/auth/logout', {}), () => again.delete('/auth/sessions?keepCurrent=false')]) {
      await again.signIn(ADA);
      expect((await again.post('/auth/email/change/request', { email: 'late@example.org' })).status).toBe(202);
      expect((await end()).status).toBeLessThan(300);
      await deliver();
      expect(mailbox.all('late@example.org')).toEqual([]);
    }
  });

  it('goes on when the browser that asked signs in anew', async () => {
    running = await startMailApp(stack);
    const ada = await member(running, ADA);
    const token = await ask(running, ada, NEW);
    expect((await ada.signIn(ADA)).status).toBe(200);
    expect((await running.app.client().post('/auth/email/change', { token })).status).toBe(204);
  });

  it('has one winner, of thirty with one link and of accounts that want one address', async () => {
    running = await startMailApp(stack);
    const { app } = running;
    const names = ['a', 'b', 'c', 'd'].map((name) => `${name}@example.com`);
    const tokens: string[] = [];
    for (const email of names) tokens.push(await ask(running, await member(running, email), NEW));
    const change = (token: string) => app.client().post('/auth/email/change', { token });
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => change(tokens[index % 4]!)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...new Array<number>(29).fill(400)]);
    const users: { email: string }[] = await app.dataSource.query('SELECT email FROM users');
    expect(users.filter(({ email }) => email === NEW)).toHaveLength(1);
    expect(users).toHaveLength(4);
    const done = (await trail(app)).filter((type) => type.startsWith('email.change'));
    expect(done.filter((type) => type === 'email.changed')).toHaveLength(1);
    expect(done.filter((type) => type === 'email.change_failed:failure')).toHaveLength(29);
  });
});

describe('a link that two open at once', () => {
  it('is refused to one of them in the transaction that looked at it', async () => {
    const logger = new QueryLog();
    running = await startMailApp({ typeorm: { logger, logging: ['query'] } as never });
    const ada = await member(running, ADA);
    const token = await ask(running, ada, NEW);
    logger.statements = [];
    const change = () => running!.app.client().post('/auth/email/change', { token });
    const answers = await Promise.all([change(), change()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 400]);
    expect(logger.statements.filter((statement) => statement === 'BEGIN TRANSACTION')).toHaveLength(2);
    expect((await trail(running.app)).filter((type) => type === 'email.change_failed:failure')).toHaveLength(1);
  });
});

describe('mail that a change sends to an address somebody has typed', () => {
  it('is five an hour for an account', async () => {
    running = await startMailApp();
    const { mailbox, deliver } = running;
    const ada = await member(running, ADA);
    for (let count = 0; count < 7; count += 1) {
      expect((await ada.post('/auth/email/change/request', { email: `to${count}@example.com` })).status).toBe(202);
    }
    await deliver();
    expect(mailbox.all().filter(({ kind }) => kind === 'change-email')).toHaveLength(5);
    expect(mailbox.all(ADA).filter(({ kind }) => kind === 'email-changing')).toHaveLength(5);
  });
});
