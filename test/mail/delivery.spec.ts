import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AuthError, MailOutcomeUnknown, MailRefused, smtp } from '../../lib/index.js';
import { OutboxEntry } from '../../lib/mail/outbox-entry.entity.js';
import { OutboxQueue } from '../../lib/mail/outbox-queue.js';
import { startMailLab, type MailLab } from './kit.js';
import { ScriptedTransport } from './scripted-transport.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe('delivery', () => {
  const transport = new ScriptedTransport();
  let lab: MailLab;

  beforeAll(async () => {
    lab = await startMailLab({ transport, auth: { mail: { kind: 'console' } } });
  });
  afterAll(() => lab.close());
  afterEach(async () => {
    transport.act = () => Promise.resolve();
    transport.messages.length = 0;
    lab.composer.failWith = undefined;
    lab.composer.entryIds.length = 0;
    await lab.dataSource.manager.deleteAll(OutboxEntry);
    await lab.pass(10 * SECOND);
  });

  const failures = async (): Promise<unknown[]> =>
    (await lab.audit()).filter(({ type }) => type === 'mail.failed').map(({ details }) => details);

  it('tries again after 5 s, 30 s, 2, 5, 10 and then every 30 min, and gives up after a day', async () => {
    transport.act = () => Promise.reject(new Error('down'));
    const told = await failures();
    await lab.post('ada@example.com');
    const start = lab.clock.now();
    const pauses: number[] = [];
    for (;;) {
      const tried = lab.clock.now();
      await lab.run();
      const { dueAt } = await lab.entry();
      if (dueAt === null) break;
      pauses.push(dueAt - tried);
      lab.clock.advance(dueAt - tried - 1);
      expect(await lab.run()).toBe(0);
      lab.clock.advance(1);
    }
    expect(pauses.slice(0, 7)).toEqual([5, 30, 120, 300, 600, 1800, 1800].map((seconds) => seconds * SECOND));
    expect(new Set(pauses.slice(5))).toEqual(new Set([30 * MINUTE]));
    expect(lab.clock.now() - start).toBeGreaterThan(23 * HOUR);
    expect(lab.clock.now() - start).toBeLessThanOrEqual(24 * HOUR);
    expect(await lab.entry()).toMatchObject({ sealed: null, claimedBy: null });
    expect((await failures()).slice(told.length)).toEqual([{ letter: 'registration', reason: 'too_late' }]);
    // A retry is the same mail to whoever receives it, with a token of its own.
    expect(new Set(transport.messages.map(({ id }) => id)).size).toBe(1);
    expect(new Set(transport.messages.map(({ text }) => text)).size).toBe(transport.messages.length);
    // By which the composer knows that it is one mail.
    expect(new Set(lab.composer.entryIds)).toEqual(new Set(transport.messages.map(({ id }) => id)));
  });

  it('a mail that is refused for good is given up at once, and holds up no other', async () => {
    transport.act = ({ to }) =>
      to.startsWith('gone') ? Promise.reject(new MailRefused('550', { permanent: true })) : Promise.resolve();
    const told = await failures();
    await lab.post('gone@example.com', 'ada@example.com');
    expect(await lab.run()).toBe(2);
    expect((await failures()).slice(told.length)).toEqual([{ letter: 'registration', reason: 'refused' }]);
    expect(await lab.entry()).toMatchObject({ sealed: null, dueAt: null });
  });

  it('a mail that is refused for now holds up no other', async () => {
    transport.act = ({ to }) =>
      to.startsWith('grey') ? Promise.reject(new MailRefused('451', { permanent: false })) : Promise.resolve();
    await lab.post('grey@example.com', ...Array.from({ length: 20 }, (_, index) => `user${index}@example.com`));
    expect(await lab.run()).toBe(20);
    const [left, ...others] = (await lab.entries()).filter(({ dueAt }) => dueAt !== null);
    expect(others).toEqual([]);
    expect(left).toMatchObject({ failures: 1, unsettled: 0, dueAt: lab.clock.now() + 5 * SECOND });
  });

  it('once sending does not work, the rest of the batch waits, and one mail goes ahead after the pause', async () => {
    let down = true;
    transport.act = () => (down ? Promise.reject(new Error('down')) : Promise.resolve());
    await lab.post(...Array.from({ length: 40 }, (_, index) => `user${index}@example.com`));
    await lab.run();
    expect(transport.messages.length).toBeLessThanOrEqual(4);
    const tried = transport.messages.length;
    for (let turn = 0; turn < 20; turn += 1) await lab.run();
    expect(transport.messages).toHaveLength(tried);
    await lab.pass(5 * SECOND);
    expect(transport.messages).toHaveLength(tried + 1);
    down = false;
    await lab.pass(30 * SECOND, 2);
    expect((await lab.entries()).every(({ dueAt }) => dueAt === null)).toBe(true);
  });

  it('a mail whose outcome is unknown is handed over twice and never a third time', async () => {
    transport.act = () => Promise.reject(new MailOutcomeUnknown('gone after DATA'));
    const told = await failures();
    await lab.post('ada@example.com');
    await lab.run();
    expect(await lab.entry()).toMatchObject({ unsettled: 1, failures: 0 });
    await lab.pass(HOUR);
    expect((await failures()).slice(told.length)).toHaveLength(1);
    await lab.pass(HOUR, 5);
    expect(transport.messages).toHaveLength(2);
    expect((await failures()).slice(told.length)).toEqual([{ letter: 'registration', reason: 'outcome_unknown' }]);
    expect(await lab.entry()).toMatchObject({ sealed: null, dueAt: null });
  });

  it('a process that ends while it sends costs one of two hand-overs', async () => {
    const told = await failures();
    await lab.post('ada@example.com');
    const queue = lab.get(OutboxQueue);
    const [id = ''] = await queue.due(1);
    for (let death = 0; death < 2; death += 1) {
      const claimed = await queue.claim(id);
      expect(await queue.handOver(claimed!)).toBe(true);
      // Nobody settles it. Until the claim has run out it is nobody else's.
      expect(await queue.claim(id)).toBeUndefined();
      await lab.pass(59 * SECOND, death);
      lab.clock.advance(61 * SECOND);
      if (death === 0) expect(await queue.due(1)).toEqual([id]);
    }
    await lab.run();
    expect(transport.messages).toEqual([]);
    expect((await failures()).slice(told.length)).toEqual([{ letter: 'registration', reason: 'outcome_unknown' }]);
  });

  it('a process that ends before it sends costs nothing', async () => {
    await lab.post('ada@example.com');
    const queue = lab.get(OutboxQueue);
    for (let death = 0; death < 5; death += 1) {
      expect(await queue.claim((await queue.due(1))[0] ?? '')).toBeDefined();
      lab.clock.advance(61 * SECOND);
    }
    await lab.run();
    expect(transport.messages).toHaveLength(1);
  });

  it('an account, a limit or a token that cannot be reached is not counted against the mail', async () => {
    lab.composer.failWith = new AuthError('STORE_UNAVAILABLE');
    await lab.post('ada@example.com');
    await lab.pass(HOUR, 30);
    expect(await lab.entry()).toMatchObject({ failures: 0, unsettled: 0, postponed: 30 });
    expect(new Set(lab.composer.entryIds)).toEqual(new Set([(await lab.entry()).id]));
    lab.composer.failWith = undefined;
    await lab.pass(HOUR);
    expect(transport.messages).toHaveLength(1);
  });

  it('a letter that calls for no mail is done with', async () => {
    await lab.post({ kind: 'registration', locale: 'en' });
    expect(await lab.run()).toBe(1);
    expect(transport.messages).toEqual([]);
    expect(await lab.entry()).toMatchObject({ sealed: null, dueAt: null });
  });

  it('a letter whose seal does not open is left for a node that knows the secret', async () => {
    await lab.post('ada@example.com');
    const { id, sealed } = await lab.entry();
    await lab.dataSource.manager.update(OutboxEntry, { id }, { sealed: `${sealed}x` });
    await lab.pass(HOUR, 30);
    expect(await lab.entry()).toMatchObject({ sealed: `${sealed}x`, failures: 0, unsettled: 0 });
    expect(lab.log.join('\n')).toContain('its seal does not open');
    await lab.dataSource.manager.update(OutboxEntry, { id }, { sealed });
    await lab.pass(HOUR);
    expect(transport.messages).toHaveLength(1);
  });

  it('a letter that another took meanwhile is not sent', async () => {
    await lab.post('ada@example.com');
    const { compose } = lab.composer;
    lab.composer.compose = async (letter, context) => {
      const mail = await compose.call(lab.composer, letter, context);
      await lab.dataSource.manager.updateAll(OutboxEntry, { claimedBy: 'another' });
      return mail;
    };
    await lab.run();
    lab.composer.compose = compose;
    expect(transport.messages).toEqual([]);
  });

  it('nothing secret is logged, whatever a transport says', async () => {
    transport.act = ({ to, text }) => Promise.reject(new Error(`550 <${to}> code 123456 ${text} id.${'a'.repeat(43)}`));
    lab.log.length = 0;
    await lab.post('ada@example.com');
    await lab.run();
    const said = lab.log.join('\n');
    expect(said).toContain('could not be sent: 550');
    for (const secret of ['ada@', 'example.com', '123456', 'token', lab.composer.tokens.at(-1)!, 'aaaa']) {
      expect(said).not.toContain(secret);
    }
  });

  it('no table holds a token while a mail is pending', async () => {
    transport.act = () => Promise.reject(new Error('down'));
    await lab.post('ada@example.com');
    await lab.run();
    const token = lab.composer.tokens.at(-1)!;
    for (const { tableName } of lab.dataSource.entityMetadatas) {
      const rows = JSON.stringify(await lab.dataSource.query(`SELECT * FROM ${tableName}`));
      expect(rows).not.toContain(token.split('.')[1]);
      expect(rows).not.toContain('ada@example.com');
    }
  });
});

describe('a transport that never answers', () => {
  it('is left after a while, and counts as a hand-over whose outcome is unknown', async () => {
    const transport = new ScriptedTransport();
    let told: AbortSignal | undefined;
    transport.act = (_message, signal) => {
      told = signal;
      return new Promise(() => undefined);
    };
    const mail = smtp({ url: 'smtp://127.0.0.1:1', from: 'no-reply@example.com', timeout: '100ms' });
    const lab = await startMailLab({ transport, mail });
    await lab.post('ada@example.com');
    await lab.run();
    expect(told?.aborted).toBe(true);
    expect(await lab.entry()).toMatchObject({ unsettled: 1, failures: 0 });
    await lab.close();
  });
});
