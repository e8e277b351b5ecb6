import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { SMTPServerOptions } from 'smtp-server';
import { smtp, type MailOptions } from '../../lib/index.js';
import { MailTransport } from '../../lib/mail/mail-transport.js';
import { startMailbox, type Mailbox } from '../support/mailbox.js';
import { startMailLab, type MailLab } from './kit.js';
import { startScriptedServer, well } from './scripted-server.js';

const HOUR = 3_600_000;
const maker = new URL('../../sample/02-production/proxy/certificate.mjs', import.meta.url).href;
const { selfSigned } = (await import(maker)) as {
  readonly selfSigned: (names: readonly string[], now: Date) => { readonly key: string; readonly certificate: string };
};
const { key, certificate } = selfSigned(['localhost', '127.0.0.1'], new Date());
const FROM = 'no-reply@example.com';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function mailboxWith(server: SMTPServerOptions): Promise<Mailbox> {
  const mailbox = await startMailbox(server);
  closing.push(() => mailbox.close());
  return mailbox;
}

async function scripted(...how: Parameters<typeof startScriptedServer>) {
  const server = await startScriptedServer(...how);
  closing.push(server.close);
  return server;
}

async function labWith(mail: MailOptions): Promise<MailLab> {
  const lab = await startMailLab({ mail });
  closing.push(() => lab.close());
  return lab;
}

/** What came of one mail to Ada. */
async function deliver(lab: MailLab) {
  await lab.post('ada@example.com');
  await lab.run();
  const { failures, unsettled, dueAt } = await lab.entry();
  return { failures, unsettled, pending: dueAt !== null };
}

const SENT = { failures: 0, unsettled: 0, pending: false };
const FAILED = { failures: 1, unsettled: 0, pending: true };
const UNKNOWN = { failures: 0, unsettled: 1, pending: true };

describe('TLS', () => {
  it('smtps:// to a server of an authority of one’s own', async () => {
    const { port } = await mailboxWith({ secure: true, key, cert: certificate });
    const mail = smtp({ url: `smtps://localhost:${port}`, from: FROM, ca: certificate });
    expect(await deliver(await labWith(mail))).toEqual(SENT);
  });

  it('smtp:// becomes TLS before anything is said, the password included', async () => {
    const secure: boolean[] = [];
    const { port } = await mailboxWith({
      key,
      cert: certificate,
      disabledCommands: [],
      authOptional: false,
      onAuth: ({ username, password }, session, done) => {
        secure.push(session.secure);
        done(null, username === 'app' && password === 'p@ss/word' ? { user: 'app' } : undefined);
      },
    });
    const mail = smtp({ url: `smtp://app:p%40ss%2Fword@localhost:${port}`, from: FROM, ca: certificate });
    expect(await deliver(await labWith(mail))).toEqual(SENT);
    expect(secure).toEqual([true]);
  });

  it('a certificate that nobody trusts is refused', async () => {
    const { port } = await mailboxWith({ secure: true, key, cert: certificate });
    const mail = smtp({ url: `smtps://localhost:${port}`, from: FROM });
    expect(await deliver(await labWith(mail))).toEqual(FAILED);
  });

  it('a server that offers no STARTTLS is given nothing', async () => {
    const lines: string[] = [];
    const { mail } = await scripted((line) => (lines.push(line), well(line)));
    expect(await deliver(await labWith({ ...mail, ca: certificate } as MailOptions))).toEqual(FAILED);
    expect(lines.filter((line) => !/^(?:EHLO|HELO|STARTTLS|QUIT)/.test(line))).toEqual([]);
  });
});

describe('a password', () => {
  const server: SMTPServerOptions = {
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: ({ password }, _session, done) =>
      password === 'right' ? done(null, { user: 'app' }) : done(new Error('no such user')),
  };

  it.each([
    ['app:right@', SENT],
    ['app:wrong@', FAILED],
    ['', FAILED],
  ])('%s', async (user, expected) => {
    const mailbox = await mailboxWith(server);
    const lab = await labWith(smtp({ url: `smtp://${user}127.0.0.1:${mailbox.port}`, from: FROM }));
    expect(await deliver(lab)).toEqual(expected);
    expect(lab.log.join('\n')).not.toMatch(/wrong|right|app:/);
  });
});

describe('a server', () => {
  it('that is not there', async () => {
    const lab = await labWith(smtp({ url: 'smtp://127.0.0.1:1', from: FROM }));
    expect(await deliver(lab)).toEqual(FAILED);
    await expect(lab.get(MailTransport).verify()).rejects.toThrow(/^SMTP/);
  });

  it('that never greets', async () => {
    const { mail } = await scripted(well, { greeting: '', timeout: '300ms' });
    expect(await deliver(await labWith(mail))).toEqual(FAILED);
  });

  it('that hangs up instead of greeting', async () => {
    const { mail, connections } = await scripted(well, { greeting: '421 too busy' });
    expect(await deliver(await labWith(mail))).toEqual(FAILED);
    expect(connections()).toBeLessThan(5);
  });

  it.each(['EHLO', 'MAIL', 'RCPT', 'DATA'])('that hangs up at %s has not had the mail', async (step) => {
    const { mail, contents } = await scripted((line, socket) => {
      if (!line.startsWith(step)) return well(line);
      socket.destroy();
      return undefined;
    });
    expect(await deliver(await labWith(mail))).toEqual(FAILED);
    expect(contents()).toBe(0);
  });

  it.each(['EHLO', 'RCPT', 'DATA'])('that is silent at %s has not had the mail', async (step) => {
    const { mail } = await scripted((line) => (line.startsWith(step) ? undefined : well(line)), { timeout: '300ms' });
    expect(await deliver(await labWith(mail))).toEqual(FAILED);
  });

  it('that is lost after the content may have it: it is given the mail twice at most', async () => {
    const { mail, contents } = await scripted((line, socket) => {
      if (line !== 'CONTENT') return well(line);
      socket.destroy();
      return undefined;
    });
    const lab = await labWith(mail);
    expect(await deliver(lab)).toEqual(UNKNOWN);
    expect(contents()).toBe(1);
    await lab.pass(HOUR, 5);
    expect(contents()).toBe(2);
    expect((await lab.audit()).map(({ type, details }) => [type, details])).toEqual([
      ['mail.failed', { letter: 'registration', reason: 'outcome_unknown' }],
    ]);
  });

  it('that is silent after the content may have it', async () => {
    const { mail } = await scripted((line) => (line === 'CONTENT' ? undefined : well(line)), { timeout: '300ms' });
    expect(await deliver(await labWith(mail))).toEqual(UNKNOWN);
  });

  it('that trickles its answer is left in time', async () => {
    const { mail } = await scripted(
      (line, socket) => {
        if (line !== 'CONTENT') return well(line);
        const timer = setInterval(() => socket.write('250-still\r\n'), 50);
        socket.on('close', () => clearInterval(timer));
        return undefined;
      },
      { timeout: '300ms' },
    );
    const begun = performance.now();
    expect(await deliver(await labWith(mail))).toEqual(UNKNOWN);
    expect(performance.now() - begun).toBeLessThan(4_000);
  });

  it.each([
    ['RCPT', '451 4.7.1 greylisted', FAILED],
    ['RCPT', '550 5.1.1 no such user', { failures: 0, pending: false }],
    ['RCPT', '550 5.7.1 relaying denied', FAILED],
    ['MAIL', '550 5.1.8 bad sender', FAILED],
    ['CONTENT', '452 4.3.1 disk full', FAILED],
    ['CONTENT', '552 5.3.4 too large', { failures: 0, pending: false }],
    ['CONTENT', '421 closing', FAILED],
  ])('that says at %s: %s', async (step, answer, expected) => {
    let said = false;
    const { mail, contents } = await scripted((line) => {
      if (said || !line.startsWith(step)) return well(line);
      said = true;
      return answer;
    });
    const lab = await labWith(mail);
    expect(await deliver(lab)).toMatchObject(expected);
    const before = contents();
    await lab.pass(HOUR, 2);
    expect(contents()).toBe(before + (expected === FAILED ? 1 : 0));
    expect((await lab.entry()).dueAt).toBeNull();
    expect(lab.log.join('\n')).not.toMatch(/example\.com|no such user/);
  });

  it('that has no time is not asked for every mail of the batch', async () => {
    let asked = 0;
    const { mail } = await scripted((line) => {
      if (!line.startsWith('RCPT')) return well(line);
      asked += 1;
      return '421 4.3.2 busy';
    });
    const lab = await labWith(mail);
    await lab.post(...Array.from({ length: 20 }, (_, index) => `user${index}@example.com`));
    await lab.run();
    expect(asked).toBeLessThanOrEqual(4);
  });

  it('that closed a kept connection is connected to again, without a failure', async () => {
    const open: Socket[] = [];
    const { mail } = await scripted((line, socket) => (open.push(socket), well(line)));
    const lab = await labWith(mail);
    expect(await deliver(lab)).toEqual(SENT);
    open.forEach((socket) => socket.destroy());
    await lab.post('bob@example.com');
    await lab.run();
    expect((await lab.entries()).map(({ failures, dueAt }) => ({ failures, dueAt }))).toEqual([
      { failures: 0, dueAt: null },
      { failures: 0, dueAt: null },
    ]);
  });

  it('is asked by the checklist, and answers', async () => {
    const { mail } = await scripted(well);
    await expect((await labWith(mail)).get(MailTransport).verify()).resolves.toBeUndefined();
  });
});

it('an address is one receiver, or none', async () => {
  const recipients: string[] = [];
  const { mail } = await scripted((line) => (/^RCPT/.test(line) && recipients.push(line), well(line)));
  const lab = await labWith(mail);
  const hostile = [
    'ada@example.com,eve@example.com',
    'ada@example.com\r\nBcc: eve@example.com',
    'Eve <eve@example.com>',
    '"eve@example.com"@example.com',
    'group:eve@example.com;',
    'eve@example.com (Ada)',
    'nobody',
  ];
  await lab.post(...hostile, "o'brien+news@example.com");
  await lab.pass(HOUR);
  expect(recipients).toEqual(["RCPT TO:<o'brien+news@example.com>"]);
  const reasons = (await lab.audit()).map(({ details }) => details['reason']);
  expect(reasons).toEqual(hostile.map(() => 'no_address'));
});
