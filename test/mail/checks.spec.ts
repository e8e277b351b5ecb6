import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Checklist, consoleMail, customMail, smtp, webhook, type AuthValues } from '../../lib/index.js';
import { MailChecks } from '../../lib/mail/mail.checks.js';
import { OutboxQueue } from '../../lib/mail/outbox-queue.js';
import { createMailTransport } from '../../lib/mail/transports/create-mail-transport.js';
import { resolveSettings } from '../../lib/options/resolve-options.js';
import { TestMailbox } from '../../lib/testing/test-mailbox.js';
import { SECRET } from '../support/app.js';
import { startMailbox, type Mailbox } from '../support/mailbox.js';
import { startMailLab, type MailLab } from './kit.js';

const MINUTE = 60_000;
const FROM = 'no-reply@example.com';

let mailbox: Mailbox;
let lab: MailLab;

beforeAll(async () => {
  mailbox = await startMailbox();
  lab = await startMailLab({ mail: mailbox.options });
});
afterAll(async () => {
  await lab.close();
  await mailbox.close();
});

function check(id: string, values: Partial<AuthValues>) {
  const all: AuthValues = { secret: SECRET, baseUrl: 'https://api.example.com', ...values };
  const settings = resolveSettings(all, { NODE_ENV: 'production' });
  const checks = new MailChecks(settings, new TestMailbox(), lab.get(OutboxQueue), lab.clock).checks();
  return checks.find((candidate) => candidate.id === id)!;
}

interface Case {
  readonly id: string;
  readonly severity: string;
  readonly bad: Partial<AuthValues>;
  readonly good: Partial<AuthValues>;
  readonly evidence: object;
  readonly key: string;
}

const CASES: readonly Case[] = [
  {
    id: 'mail.console',
    severity: 'refuse',
    bad: { mail: consoleMail() },
    good: { mail: customMail({ from: FROM }) },
    evidence: { kind: 'console' },
    key: 'smtp({',
  },
  {
    id: 'mail.console',
    severity: 'refuse',
    bad: {},
    good: { mail: webhook({ url: 'https://mail.example.com', secret: SECRET, from: FROM }) },
    evidence: { kind: 'console' },
    key: 'Set mail',
  },
  {
    id: 'mail.insecure-links',
    severity: 'refuse',
    bad: { appUrl: 'http://app.example.com/marker', links: { unlock: 'https://api.example.com/unlock' } },
    good: { appUrl: 'https://app.example.com' },
    evidence: {
      options: ['appUrl', 'links.verifyEmail', 'links.resetPassword', 'links.changeEmail', 'links.magicLink'],
      hosts: ['app.example.com'],
    },
    key: 'appUrl',
  },
  {
    id: 'mail.manual-jobs',
    severity: 'note',
    bad: { jobs: 'manual' },
    good: {},
    evidence: { jobs: 'manual' },
    key: "Jobs.run('outbox')",
  },
];

it.each(CASES)('$id fires on the bad configuration', async ({ id, severity, bad, evidence, key }) => {
  expect(check(id, bad)).toMatchObject({ severity, area: 'mail' });
  expect(await check(id, bad).run()).toEqual({ status: 'finding', evidence, change: expect.stringContaining(key) });
});

it.each(CASES)('$id is quiet on the good one', async ({ id, good }) => {
  expect(await check(id, good).run()).toEqual({ status: 'passed' });
});

describe('mail.reachable', () => {
  const outcome = async (mail: AuthValues['mail']) => {
    const settings = resolveSettings({ secret: SECRET, baseUrl: 'https://api.example.com', mail }, {});
    const transport = await createMailTransport(settings, lab.clock);
    const app = await startMailLab({ transport });
    const { entries } = await app.get(Checklist).report();
    await app.close();
    return entries.find(({ id }) => id === 'mail.reachable');
  };

  it('passes where the server answers', async () => {
    expect(await outcome(mailbox.options)).toMatchObject({ severity: 'warn', outcome: 'passed' });
  });

  it.each([
    ['a server that is not there', smtp({ url: 'smtp://marker:marker@127.0.0.1:1', from: FROM }), /ESOCKET|ECONN/],
    ['a server that cannot be encrypted to', 'no STARTTLS', /ETLS|EPROTOCOL|Error/],
  ])('could not be checked: %s', async (_what, mail, reason) => {
    const url = `smtp://127.0.0.1:${mailbox.port}`;
    const entry = await outcome(typeof mail === 'string' ? smtp({ url, from: FROM, ca: 'marker' }) : mail);
    expect(entry).toMatchObject({ severity: 'warn', outcome: 'unchecked', reason: expect.stringMatching(reason) });
    expect(JSON.stringify(entry)).not.toContain('marker');
  });
});

it('mail.backlog fires once the oldest letter is older than 15 minutes, and is quiet when it has left', async () => {
  const backlog = async () => (await lab.get(Checklist).report()).entries.find(({ id }) => id === 'mail.backlog');
  expect(await backlog()).toMatchObject({ severity: 'warn', outcome: 'passed' });
  await lab.post('ada@example.com', 'bob@example.com');
  lab.clock.advance(15 * MINUTE);
  expect(await backlog()).toMatchObject({ outcome: 'passed' });
  lab.clock.advance(MINUTE);
  expect(await backlog()).toMatchObject({ outcome: 'finding', evidence: { pending: 2, oldestMinutes: 16 } });
  await lab.run();
  expect(await backlog()).toMatchObject({ outcome: 'passed' });
});

it('every check is tested here', () => {
  const all = new MailChecks(
    resolveSettings({ secret: SECRET, baseUrl: 'https://api.example.com' }, {}),
    new TestMailbox(),
    lab.get(OutboxQueue),
    lab.clock,
  );
  const tested = [...CASES.map(({ id }) => id), 'mail.reachable', 'mail.backlog'];
  expect(new Set(all.checks().map(({ id }) => id))).toEqual(new Set(tested));
});
