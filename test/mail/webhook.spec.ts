import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { webhook } from '../../lib/index.js';
import { OutboxEntry } from '../../lib/mail/outbox-entry.entity.js';
import { startMailLab, type MailLab } from './kit.js';

const SECRET = 'bN3vR8kQ2mX7pL5tZ9wY4cH6jD1fG0sA';

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let received: Received[] = [];
let answer: (response: ServerResponse, request: IncomingMessage) => void;
let lab: MailLab;

const server = createServer((request, response) => {
  let body = '';
  request.on('data', (data: Buffer) => (body += data.toString()));
  request.on('end', () => {
    received.push({ path: request.url ?? '', headers: request.headers, body });
    answer(response, request);
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  lab = await startMailLab({
    mail: webhook({
      url: `http://127.0.0.1:${port}/mail?key=marker`,
      secret: SECRET,
      from: 'Example <no-reply@example.com>',
      replyTo: 'help@example.com',
      timeout: '300ms',
    }),
  });
});
afterAll(async () => {
  await lab.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(async () => {
  received = [];
  await lab.dataSource.manager.deleteAll(OutboxEntry);
  lab.clock.advance(3_600_000);
});

/** Delivers one mail to a service that answers so. */
async function deliver(how: typeof answer) {
  answer = how;
  await lab.post('ada@example.com');
  await lab.run();
  const { failures, unsettled, dueAt } = await lab.entry();
  return { failures, unsettled, pending: dueAt !== null };
}

const status = (code: number) => (response: ServerResponse) => void response.writeHead(code).end('no');

describe('a webhook', () => {
  it('gets each mail as JSON, signed over time and body', async () => {
    expect(await deliver(status(204))).toMatchObject({ pending: false });
    const [{ headers, body, path } = { headers: {}, body: '', path: '' }] = received;
    const { id } = await lab.entry();
    const mail = JSON.parse(body) as Record<string, string>;
    expect(Object.keys(mail)).toEqual(['id', 'kind', 'from', 'replyTo', 'to', 'subject', 'text', 'html']);
    expect(mail).toMatchObject({
      id,
      kind: 'verify-email',
      from: 'Example <no-reply@example.com>',
      replyTo: 'help@example.com',
      to: 'ada@example.com',
    });
    expect(mail['text']).toContain(lab.composer.tokens.at(-1));
    expect(path).toBe('/mail?key=marker');
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'idempotency-key': id });
    const [, time = '', mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['gatehouse-signature'])) ?? [];
    expect(Number(time)).toBe(Math.floor(lab.clock.now() / 1_000));
    expect(mac).toBe(createHmac('sha256', SECRET).update(`${time}.${body}`).digest('hex'));
  });

  it.each([
    [400, { pending: false }],
    [422, { pending: false }],
    [410, { pending: false }],
    [401, { failures: 1, unsettled: 0, pending: true }],
    [404, { failures: 1, unsettled: 0, pending: true }],
    [408, { failures: 1, unsettled: 0, pending: true }],
    [429, { failures: 1, unsettled: 0, pending: true }],
    [500, { failures: 1, unsettled: 0, pending: true }],
    [503, { failures: 1, unsettled: 0, pending: true }],
  ])('that answers %i', async (code, expected) => {
    expect(await deliver(status(code))).toMatchObject(expected);
    const accepted = received.length;
    await lab.pass(3_600_000);
    expect(received).toHaveLength(accepted + (expected.pending ? 1 : 0));
  });

  it('that redirects is not followed: the mail goes to nobody else', async () => {
    const redirect = (response: ServerResponse) => void response.writeHead(307, { Location: '/elsewhere' }).end();
    expect(await deliver(redirect)).toEqual({ failures: 1, unsettled: 0, pending: true });
    expect(received.map(({ path }) => path)).toEqual(['/mail?key=marker']);
  });

  it('that never answers may have the mail', async () => {
    expect(await deliver(() => undefined)).toEqual({ failures: 0, unsettled: 1, pending: true });
  });

  it('that hangs up may have the mail', async () => {
    const result = await deliver((response) => void response.destroy());
    expect(result).toEqual({ failures: 0, unsettled: 1, pending: true });
  });

  it('that answers without end has accepted the mail with its status', async () => {
    const endless = (response: ServerResponse): void => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'.repeat(65_536)), 1);
      response.on('close', () => clearInterval(timer));
    };
    const begun = performance.now();
    expect(await deliver(endless)).toMatchObject({ pending: false });
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it('that is not there has not had the mail, and its address is not logged', async () => {
    const away = await startMailLab({
      mail: webhook({ url: 'http://127.0.0.1:1/mail?key=marker', secret: SECRET, from: 'a@example.com' }),
    });
    await away.post('ada@example.com');
    await away.run();
    expect(await away.entry()).toMatchObject({ failures: 1, unsettled: 0 });
    expect(away.log.join('\n')).toContain('ECONNREFUSED');
    expect([...away.log, ...lab.log].join('\n')).not.toMatch(/marker|ada@/);
    await away.close();
  });
});
