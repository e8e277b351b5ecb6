import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Accounts, BreachedPasswords, PwnedPasswords } from '../../lib/index.js';
import { ADAPTERS, PASSWORD, startApp, type TestApp } from '../support/app.js';

const HIT = 'a breached lantern on the hill';
const [PREFIX, SUFFIX] = digestOf(HIT);
const FILLER = Array.from({ length: 800 }, (_, index) => `${String(index).padStart(35, '0')}:${index % 3}`);
const LIST = [...FILLER, `${SUFFIX}:42`].join('\r\n');

type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

/** What is at the other end: a real server that does what the test says. */
let server: Server;
let behaviour: Behaviour;
let asked: { url: string; headers: IncomingMessage['headers'] }[] = [];
let closed = 0;

const list: Behaviour = (_, response) => void response.end(LIST);

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers });
    response.on('close', () => (closed += 1));
    response.on('error', () => undefined);
    behaviour(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  behaviour = list;
  asked = [];
  closed = 0;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function place(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

@Injectable()
class Mirror extends PwnedPasswords {
  protected override readonly url = `${place()}/range/`;
}

async function until(is: () => boolean): Promise<void> {
  for (let tries = 0; !is() && tries < 500; tries += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(is()).toBe(true);
}

describe.each(ADAPTERS)('breached passwords on %s', (adapter) => {
  let app: TestApp;
  const lines: string[] = [];
  let count = 0;

  beforeAll(async () => {
    const note = (...parts: unknown[]): void => void lines.push(parts.map(String).join(' '));
    app = await startApp({
      adapter,
      auth: {
        rateLimits: { multiplier: 100 },
        overrides: [{ provide: BreachedPasswords, useClass: Mirror }],
      },
      logger: { log: note, warn: note, error: note },
    });
  });
  afterAll(() => app.close());

  const register = (password: string) => app.client().register(`n${(count += 1)}@example.com`, password);

  it('are refused, and nothing but five digits leaves', async () => {
    const { status, body } = await register(HIT);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'PASSWORD_REJECTED', details: [{ field: 'password', rule: 'breached' }] });
    expect(asked.map(({ url }) => url)).toEqual([`/range/${PREFIX}`]);
    const sent = JSON.stringify(asked);
    expect(asked[0]?.headers).toMatchObject({ 'add-padding': 'true', 'user-agent': 'nestjs-gatehouse' });
    for (const secret of [SUFFIX, SUFFIX.toLowerCase(), HIT, '@example.com']) expect(sent).not.toContain(secret);
  });

  it('are refused in administration too, and others are taken', async () => {
    const create = app.get(Accounts).create({ email: `n${(count += 1)}@example.com`, password: HIT });
    await expect(create).rejects.toMatchObject({ code: 'PASSWORD_REJECTED' });
    expect((await register(PASSWORD)).status).toBe(202);
    expect(asked).toHaveLength(2);
  });

  it('are not asked for while another rule is broken', async () => {
    const { body } = await register('passwordpassword');
    expect(body.details.map(({ rule }: { rule: string }) => rule)).toEqual(['blocklist']);
    expect((await register('short')).status).toBe(400);
    expect((await register('x'.repeat(2_000))).status).toBe(400);
    expect(asked).toEqual([]);
  });

  it('are found in a compressed answer; padding is no finding', async () => {
    behaviour = (_, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync(LIST));
    };
    expect((await register(HIT)).status).toBe(400);
    behaviour = (_, response) => void response.end(LIST.replace(`${SUFFIX}:42`, `${SUFFIX}:0`));
    expect((await register(HIT)).status).toBe(202);
  });

  const CHUNK = Buffer.alloc(64 * 1_024, 'A');
  const endless: Behaviour = (_, response) => {
    let sent = 0;
    const pour = (): void => {
      while (sent < 50_000_000 && !response.destroyed) {
        sent += CHUNK.length;
        if (!response.write(CHUNK)) {
          response.once('drain', pour);
          return;
        }
      }
      response.end();
    };
    pour();
  };

  it.each<[string, Behaviour]>([
    ['is slow', (_, response) => void setTimeout(() => response.end(LIST), 1_000).unref()],
    ['never answers', () => undefined],
    ['stops in the middle of a header', (request) => void request.socket.write('HTTP/1.1 200 O')],
    ['stops in the middle of the list', (_, response) => void response.write(LIST.slice(0, 400))],
    ['hangs up', (request) => void request.socket.destroy()],
    ['answers 500', (_, response) => void response.writeHead(500).end(LIST)],
    ['answers 429', (_, response) => void response.writeHead(429).end(LIST)],
    ['answers 50 MB', endless],
    [
      'answers a bomb',
      (_, response) => {
        response.setHeader('content-encoding', 'gzip');
        response.end(gzipSync(Buffer.concat([Buffer.alloc(20_000_000, 'A'), Buffer.from(`\n${LIST}`)])));
      },
    ],
    ['answers garbage', (_, response) => void response.end(`<html>${SUFFIX}</html>`)],
    ['answers something that is no HTTP', (request) => void request.socket.end('garbage\r\n\r\n')],
    ['redirects', (_, response) => void response.writeHead(302, { location: `${place()}/elsewhere` }).end()],
  ])('decide nothing when the service %s', async (_, does) => {
    behaviour = (request, response) => (request.url === '/elsewhere' ? list : does)(request, response);
    const begun = performance.now();
    expect((await register(HIT)).status).toBe(202);
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(asked.map(({ url }) => url)).toEqual([`/range/${PREFIX}`]);
    // Nothing is left open behind the answer.
    await until(() => closed === asked.length);
    expect((await register('passwordpassword')).status).toBe(400);
  });

  it('leave one line in the log, without password, digits or address', () => {
    const said = lines.filter((line) => line.includes('Breached passwords'));
    expect(said).toHaveLength(1);
    const log = lines.join('\n');
    for (const secret of [HIT, SUFFIX, PREFIX, place()]) expect(log).not.toContain(secret);
  });
});

it('nobody is asked unless the application says so', async () => {
  const app = await startApp();
  expect((await app.client().register('ada@example.com', HIT)).status).toBe(202);
  expect(app.get(BreachedPasswords)).not.toBeInstanceOf(PwnedPasswords);
  await app.close();
});

function digestOf(password: string): [prefix: string, suffix: string] {
  const digest = createHash('sha1').update(password).digest('hex').toUpperCase();
  return [digest.slice(0, 5), digest.slice(5)];
}
