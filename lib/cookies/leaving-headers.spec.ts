import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { forbidStorage, setCookieLines, whenHeadersLeave } from './leaving-headers.js';

type Write = (answer: ServerResponse) => void;

const change: Write = (answer) => {
  answer.setHeader('Set-Cookie', [...setCookieLines(answer), 'ours=1']);
  forbidStorage(answer);
};

async function answerTo(write: Write): Promise<Response> {
  const listener: RequestListener = (_request, answer) => {
    whenHeadersLeave(answer, change);
    write(answer);
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await response.arrayBuffer();
  server.close();
  return response;
}

describe('the headers of an answer, as they leave', () => {
  it.each<[string, Write]>([
    ['nothing set', (answer) => answer.end()],
    ['a header set', (answer) => answer.setHeader('cache-control', 'public').end('page')],
    ['an object', (answer) => answer.writeHead(200, { 'CACHE-CONTROL': 'public', Age: 0 }).end()],
    ['an object after a message', (answer) => answer.writeHead(200, 'Fine', { 'Cache-Control': 'public' }).end()],
    ['a list', (answer) => answer.writeHead(200, ['Cache-Control', 'public', 'Age', 0]).end()],
    ['a message alone', (answer) => answer.setHeader('Cache-Control', 'public').writeHead(200, 'Fine').end()],
    ['fields for some caches', (answer) => answer.setHeader('Example-CDN-Cache-Control', 'max-age=60').end()],
    ['one more of them', (answer) => answer.writeHead(200, { 'X-Accel-Expires': '60' }).end()],
  ])('are changed last: %s', async (_what, write) => {
    const { status, headers } = await answerTo(write);
    expect([status, headers.getSetCookie(), headers.get('cache-control')]).toEqual([200, ['ours=1'], 'no-store']);
    expect([...headers.keys()].filter((name) => /cdn|accel/.test(name))).toEqual([]);
  });

  it('keep everything else: status, message, a name that stands several times', async () => {
    const response = await answerTo((answer) => {
      answer.setHeader('X-Replaced', 'before').setHeader('X-Kept', 'kept');
      answer.writeHead(202, 'Fine', ['Set-Cookie', 'a=1', 'set-cookie', 'b=2', 'x-replaced', 'after']).end();
    });
    expect([response.status, response.statusText]).toEqual([202, 'Fine']);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2', 'ours=1']);
    expect([response.headers.get('x-replaced'), response.headers.get('x-kept')]).toEqual(['after', 'kept']);
  });

  it('are left alone once they are sent', async () => {
    const errors: unknown[] = [];
    await answerTo((answer) => {
      answer.flushHeaders();
      try {
        answer.writeHead(200, { 'Cache-Control': 'public' });
      } catch (error) {
        errors.push(error);
      }
      answer.end();
    });
    expect(errors).toMatchObject([{ code: 'ERR_HTTP_HEADERS_SENT' }]);
  });

  it('are changed on HTTP/2 as well', async () => {
    const server = http2.createServer((_request, answer) => {
      whenHeadersLeave(answer, change);
      answer.setHeader('cache-control', 'public');
      answer.end('page');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const headers = await new Promise<http2.IncomingHttpHeaders>((resolve) =>
      session.request({ ':path': '/' }).on('response', resolve).resume(),
    );
    session.close();
    server.close();
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'set-cookie': ['ours=1'] });
  });
});
