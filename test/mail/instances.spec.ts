import { afterEach, describe, expect, it } from 'vitest';
import { postgresUrl, redisUrl } from '../support/services.js';
import { startMailbox, type Mailbox } from '../support/mailbox.js';
import { startMailLab, type LabSetup, type MailLab } from './kit.js';

const SECOND = 1_000;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(setup: LabSetup): Promise<MailLab> {
  const lab = await startMailLab(setup);
  closing.push(() => lab.close());
  return lab;
}

async function open(server?: Parameters<typeof startMailbox>[0]): Promise<Mailbox> {
  const mailbox = await startMailbox(server);
  closing.push(() => mailbox.close());
  return mailbox;
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `user${index}@example.com`);
}

describe('two instances on one database', () => {
  it('deliver 200 letters once each, and both take part', async () => {
    const shared = { databaseUrl: await postgresUrl(), redisUrl: await redisUrl() };
    const mailboxes = [await open(), await open()];
    const labs: MailLab[] = [];
    for (const { options } of mailboxes) labs.push(await start({ ...shared, mail: options, auth: { instances: 2 } }));
    await labs[0]!.post(...names(200));
    for (let left = 200; left > 0;) {
      await Promise.all(labs.map((lab) => lab.run()));
      left = (await labs[0]!.entries()).filter(({ dueAt }) => dueAt !== null).length;
    }
    const arrived = mailboxes.flatMap((mailbox) => mailbox.all().map(({ to }) => to));
    expect(arrived.sort()).toEqual(names(200).sort());
    for (const mailbox of mailboxes) expect(mailbox.all().length).toBeGreaterThan(20);
  });
});

describe('an instance', () => {
  it('that starts again delivers what was committed before', async () => {
    const databaseUrl = await postgresUrl();
    const mailbox = await open();
    const before = await startMailLab({ databaseUrl, mail: mailbox.options });
    await before.post('ada@example.com');
    await before.close();
    expect(mailbox.all()).toEqual([]);
    const after = await start({ databaseUrl, mail: mailbox.options });
    expect(await after.run()).toBe(1);
    await mailbox.next('ada@example.com', 'verify-email');
  });

  it('that knows the secret delivers what one that does not had to leave', async () => {
    const databaseUrl = await postgresUrl();
    const mailbox = await open();
    const newer = await start({
      databaseUrl,
      mail: mailbox.options,
      auth: { secret: 'zK4mQ8vT2xR6nB9cW3yH7jP5sD1fG0aL' },
    });
    const older = await start({ databaseUrl, mail: mailbox.options });
    await newer.post('ada@example.com');
    expect(await older.run()).toBe(0);
    expect(mailbox.all()).toEqual([]);
    await newer.pass(30 * SECOND);
    await mailbox.next('ada@example.com', 'verify-email');
  });
});
