import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Outbox } from '../../lib/mail/outbox.js';
import { OutboxQueue } from '../../lib/mail/outbox-queue.js';
import { Database } from '../../lib/database/database.js';
import { ADAPTERS, DATABASES } from '../support/app.js';
import { startMailbox, type Mailbox } from '../support/mailbox.js';
import { letterTo, startMailLab, until, type MailLab } from './kit.js';
import { ScriptedTransport } from './scripted-transport.js';

const SECOND = 1_000;

describe.each(DATABASES)('a letter on %s', (database) => {
  let mailbox: Mailbox;
  let lab: MailLab;

  beforeAll(async () => {
    mailbox = await startMailbox();
    lab = await startMailLab({ mail: mailbox.options, database });
  });
  afterAll(async () => {
    await lab.close();
    await mailbox.close();
  });

  it('is delivered once, and its entry emptied', async () => {
    await lab.post('ada@example.com');
    const before = await lab.entry();
    expect(before.sealed).not.toBeNull();
    expect(await lab.run()).toBe(1);
    expect(await lab.run()).toBe(0);
    const mail = await mailbox.next('ada@example.com', 'verify-email');
    expect(mail.token).toBe(lab.composer.tokens.at(-1));
    expect(mail.messageId).toBe(`<${before.id}@example.com>`);
    expect(mail.from).toBe('"Gatehouse" <no-reply@example.com>');
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mailbox.all()).toHaveLength(1);
    expect(await lab.entry()).toMatchObject({
      sealed: null,
      dueAt: null,
      claimedBy: null,
      claimedUntil: null,
      failures: 0,
      doneAt: lab.clock.now(),
    });
  });

  it('of a change that was rolled back is never sent', async () => {
    const count = (await lab.entries()).length;
    const work = lab.get(Database).write(async (manager) => {
      await lab.get(Outbox).add(manager, letterTo('nobody@example.com'));
      throw new Error('rolled back');
    });
    await expect(work).rejects.toThrow('rolled back');
    expect(await lab.entries()).toHaveLength(count);
  });

  it('is claimed by one of thirty workers', async () => {
    await lab.post('race@example.com');
    const [id = ''] = await lab.get(OutboxQueue).due(50);
    const claims = await Promise.all(Array.from({ length: 30 }, () => lab.get(OutboxQueue).claim(id)));
    const [winner, ...others] = claims.filter((claim) => claim !== undefined);
    expect(others).toEqual([]);
    // Whoever does not have the claim changes nothing.
    const stranger = { ...winner!, claimedBy: 'somebody-else' };
    expect(await lab.get(OutboxQueue).handOver(stranger)).toBe(false);
    expect(await lab.get(OutboxQueue).finish(stranger)).toBe(false);
    expect(await lab.get(OutboxQueue).due(50)).toEqual([]);
    lab.clock.advance(61 * SECOND);
    expect(await lab.get(OutboxQueue).due(50)).toEqual([id]);
    expect(await lab.run()).toBe(1);
    expect(await lab.get(OutboxQueue).handOver(winner!)).toBe(false);
  });
});

describe.each(ADAPTERS)('by itself, on %s', (adapter) => {
  it('delivery begins soon after the commit, and the start waits for nothing', async () => {
    const mailbox = await startMailbox();
    const lab = await startMailLab({ adapter, mail: mailbox.options, auth: { jobs: 'timers' } });
    const begun = performance.now();
    await lab.post('ada@example.com', 'bob@example.com');
    await mailbox.next('ada@example.com');
    await mailbox.next('bob@example.com');
    expect(performance.now() - begun).toBeLessThan(2_000);
    await until(async () => (await lab.entries()).every(({ dueAt }) => dueAt === null));
    await lab.close();
    await mailbox.close();
  });

  it('a shutdown finishes the mail at hand and begins no other', async () => {
    const transport = new ScriptedTransport();
    let sent = 0;
    let finish: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    transport.act = async () => {
      await gate;
      sent += 1;
    };
    const mail = { kind: 'custom', from: 'no-reply@example.com' } as const;
    const lab = await startMailLab({ adapter, database: 'postgres', transport, auth: { mail, jobs: 'timers' } });
    await lab.post(...Array.from({ length: 20 }, (_, index) => `user${index}@example.com`));
    await until(() => transport.messages.length === 4);
    const closed = lab.close();
    finish();
    await closed;
    expect(sent).toBe(4);
    expect(transport.messages).toHaveLength(4);
    const again = await startMailLab({ adapter, databaseUrl: lab.databaseUrl!, transport, auth: { mail } });
    await again.run();
    expect(transport.messages).toHaveLength(20);
    expect(new Set(transport.messages.map(({ to }) => to)).size).toBe(20);
    await again.close();
  });
});
