import { afterAll, beforeAll, expect, it } from 'vitest';
import { Jobs } from '../../lib/index.js';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import { OutboxEntry } from '../../lib/mail/outbox-entry.entity.js';
import { TestClock } from '../../lib/testing/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { startMailbox, type Mailbox } from '../support/mailbox.js';
import { until } from './kit.js';

const SECOND = 1_000;
const PEOPLE = 1_000;
const AT_ONCE = 20;

const addressOf = (index: number): string => `user${index}@example.com`;

let app: TestApp;
let mailbox: Mailbox;
let isDown = true;
let connections = 0;
const clock = new TestClock();

beforeAll(async () => {
  mailbox = await startMailbox({
    onConnect: (_session, done) => {
      connections += 1;
      done(isDown ? Object.assign(new Error('down'), { responseCode: 421 }) : undefined);
    },
  });
  app = await startApp({
    clock,
    auth: {
      jobs: 'manual',
      emailVerification: 'required',
      mail: mailbox.options,
      rateLimits: { multiplier: 1_000 },
    },
  });
});
afterAll(async () => {
  await app.close();
  await mailbox.close();
});

async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await app.get(Jobs).run('outbox');
}

const register = (index: number): Promise<number> =>
  app
    .client()
    .register(addressOf(index))
    .then(({ status }) => status);

it('a mail server that is away for ten minutes loses none of 1,000 registrations, and is not stormed', async () => {
  const entries = app.dataSource.getRepository(OutboxEntry);
  const waiting = async (): Promise<number> => (await entries.find()).filter(({ dueAt }) => dueAt !== null).length;

  // Twenty every twelve seconds.
  for (let first = 0; first < PEOPLE; first += AT_ONCE) {
    const statuses = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => register(first + index)));
    expect(statuses).toEqual(new Array(AT_ONCE).fill(202));
    await pass(12 * SECOND);
  }
  expect(mailbox.all()).toEqual([]);
  expect(await waiting()).toBe(PEOPLE);
  // One that goes ahead at each turn.
  expect(connections).toBeGreaterThan(10);
  expect(connections).toBeLessThan(150);

  isDown = false;
  await until(async () => {
    await pass(60 * SECOND);
    return (await waiting()) === 0;
  }, 1_000);
  const arrived = mailbox.all().map(({ to, kind }) => `${kind} ${to}`);
  const expected = Array.from({ length: PEOPLE }, (_, index) => `verify-email ${addressOf(index)}`);
  expect(arrived.sort()).toEqual(expected.sort());
  expect(await app.dataSource.getRepository(AuditRow).countBy({ type: 'mail.failed' })).toBe(0);

  for (let index = 0; index < PEOPLE; index += PEOPLE / 10) {
    const [mail] = mailbox.all(addressOf(index));
    expect((await app.client().signIn(addressOf(index))).status).toBe(401);
    expect((await app.client().post('/auth/email/verify', { token: mail!.token })).status).toBe(204);
    expect((await app.client().signIn(addressOf(index))).status).toBe(200);
  }
}, 120_000);
