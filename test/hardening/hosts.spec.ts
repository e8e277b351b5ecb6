import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, type TestApp } from '../support/app.js';
import { call, HOST, sendRaw, startHardened } from './kit.js';

const LISTED = [HOST, 'Internal.Example.COM:8080', '[2001:DB8:0::1]:9000', 'my_service:3000', '192.0.2.7'];

const GOOD = [
  HOST,
  'API.Example.Com',
  `${HOST}.`,
  `${HOST}:443`,
  `${HOST}:80`,
  `${HOST}.:443`,
  'internal.example.com:8080',
  '[2001:db8::1]:9000',
  '[2001:db8:0:0:0:0:0:1]:9000',
  'my_service:3000',
  '192.0.2.7',
  // A health check on the machine itself.
  '127.0.0.1:3000',
  'localhost',
  '[::1]:3000',
];

const BAD = [
  'evil.example.net',
  `${HOST}.evil.example.net`,
  `evil-${HOST}`,
  `evil.${HOST}`,
  'example.com',
  `${HOST}:8080`,
  `${HOST}:443:443`,
  `${HOST}..`,
  `${HOST}@evil.example.net`,
  `evil.example.net#${HOST}`,
  `evil.example.net/${HOST}`,
  `${HOST}, evil.example.net`,
  `${HOST} evil.example.net`,
  'internal.example.com',
  'internal.example.com:80',
  '[2001:db8::2]:9000',
  '[2001:db8::1]',
  '[::ffff:192.0.2.8]',
  '192.0.2.7.evil.example.net',
  '3221225991',
  'localhost.evil.example.net',
  '127.0.0.1.nip.io',
  '*',
  'null',
];

describe.each(ADAPTERS)('hosts on %s', (adapter) => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startHardened(adapter, { http: { hosts: LISTED } });
  });
  afterAll(() => app.close());

  it('that are listed are answered, however they are written', async () => {
    for (const host of GOOD) expect((await call(app, '/answer', { host })).status, host).toBe(200);
  });

  it('that are not get 400 before anything else, in the shape of all errors and with its headers', async () => {
    for (const host of BAD) {
      for (const path of ['/answer', '/auth/me', '/nowhere']) {
        const answer = await call(app, path, { host });
        expect(answer.status, host).toBe(400);
        expect(JSON.parse(answer.text)).toEqual({
          statusCode: 400,
          error: 'Bad Request',
          code: 'MALFORMED_REQUEST',
          message: 'The host of this request is not served here.',
        });
        expect(answer.headers['x-content-type-options']).toBe('nosniff');
        expect(answer.headers['cache-control']).toBe('no-store');
      }
    }
    // Also where the router would have an answer of its own, and to a preflight.
    expect((await call(app, '/%', { host: 'evil.example.net' })).text).toContain('MALFORMED_REQUEST');
    const asks = { host: 'evil.example.net', 'access-control-request-method': 'GET' };
    expect((await call(app, '/answer', asks, { method: 'OPTIONS' })).status).toBe(400);
  });

  it('are read from the request target where it is a whole URL', async () => {
    const lines = (target: string) => [`GET ${target} HTTP/1.1`, `Host: ${HOST}`, 'Connection: close'];
    for (const target of [
      'http://evil.example.net/answer',
      'HTTPS://evil.example.net/answer',
      `http://${HOST}@evil.example.net/answer`,
      `http://user@${HOST}/answer`,
      'http:///answer',
    ]) {
      expect((await sendRaw(app, lines(target))).status, target).toBe(400);
    }
    expect((await sendRaw(app, lines(`https://${HOST}/answer`))).status).not.toBe(400);
    expect((await sendRaw(app, lines('/answer?at=http://evil.example.net/'))).status).toBe(200);
  });

  it('are one, and there', async () => {
    expect((await sendRaw(app, ['GET /answer HTTP/1.0'])).status).toBe(400);
    expect((await sendRaw(app, ['GET /answer HTTP/1.1', 'Connection: close'])).status).toBe(400);
    const two = (first: string, second: string) => ['GET /answer HTTP/1.1', `Host: ${first}`, `host: ${second}`];
    for (const lines of [two(HOST, 'evil.example.net'), two('evil.example.net', HOST), two(HOST, HOST)]) {
      expect((await sendRaw(app, [...lines, 'Connection: close'])).status).toBe(400);
    }
    expect((await sendRaw(app, ['GET /answer HTTP/1.0', `Host: ${HOST}`])).status).toBe(200);
  });

  it('are not what X-Forwarded-Host says, and the application does not see it', async () => {
    const headers = { 'x-forwarded-host': 'evil.example.net', 'x-forwarded-for': '198.51.100.1' };
    const answer = await call(app, '/address', headers);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ forwardedHost: null, hostname: HOST });
    const refused = await call(app, '/answer', { host: 'evil.example.net', 'x-forwarded-host': HOST });
    expect(refused.status).toBe(400);
    const listed = await call(app, '/address', { ...headers, 'x-forwarded-host': HOST });
    expect(JSON.parse(listed.text)).toMatchObject({ forwardedHost: HOST });
    const mixed = await call(app, '/address', { ...headers, 'x-forwarded-host': `${HOST}, evil.example.net` });
    expect(JSON.parse(mixed.text)).toMatchObject({ forwardedHost: null });
  });
});

describe.each(ADAPTERS)('the own address as host on %s', (adapter) => {
  const OWN = '10.1.2.3';
  let app: TestApp;

  beforeAll(async () => {
    app = await startHardened(adapter);
  });
  afterAll(() => app.close());

  const arriveAt = (localAddress: string) => {
    (app.app.getHttpServer() as Server).prependOnceListener('connection', (socket: Socket) => {
      Object.defineProperty(socket, 'localAddress', { value: localAddress });
      Object.defineProperty(socket, 'remoteAddress', { value: '10.9.9.9' });
    });
  };
  const statusOf = async (host: string, localAddress: string) => {
    arriveAt(localAddress);
    return (await call(app, '/answer', { host, connection: 'close' })).status;
  };

  it('is answered on any port, since no page can send it', async () => {
    for (const host of [OWN, `${OWN}:3000`, `[::ffff:${OWN}]:3000`]) {
      expect(await statusOf(host, OWN), host).toBe(200);
      expect(await statusOf(host, `::ffff:${OWN}`), host).toBe(200);
    }
    expect(await statusOf('[2001:DB8:0::7]:3000', '2001:db8::7')).toBe(200);
  });

  it('is no other address, and no name that leads to it', async () => {
    for (const host of [
      '10.1.2.4',
      '10.1.2.4:3000',
      '[2001:db8::8]',
      `${OWN}.nip.io`,
      '167838211',
      'pod',
      '127.0.0.1',
    ]) {
      expect(await statusOf(host, OWN), host).toBe(400);
    }
    expect(await statusOf('localhost:3000', '127.0.0.1')).toBe(400);
  });
});

describe('hosts by default', () => {
  it('are that of baseUrl, and outside production every name of this machine', async () => {
    const app = await startHardened('express', { environment: 'test' });
    expect((await call(app, '/answer')).status).toBe(200);
    expect((await call(app, '/answer', { host: 'shop.localhost:8080' })).status).toBe(200);
    const refused = await call(app, '/answer', { host: 'evil.example.net' });
    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.text)).toMatchObject({ details: { option: 'http.hosts' } });
    await app.close();
  });
});

describe.each(ADAPTERS)('the address of a client behind a proxy on %s', (adapter) => {
  const CHAINS = [
    '198.51.100.1',
    '203.0.113.9, 198.51.100.1',
    '203.0.113.9, 198.51.100.1:4711',
    '203.0.113.9, [2001:db8::1]:4711',
    '203.0.113.9, 2001:DB8:0::1',
    '198.51.100.1, evil',
    'evil<script>',
    '198.51.100.1,',
    ' , ',
    '::ffff:198.51.100.1',
    '1.1.1.1, 2.2.2.2, 3.3.3.3, 4.4.4.4',
  ];

  it.each([0, 1, 2])('is the same in request.ip and in ClientAddresses, with %i of them', async (trustedProxyHops) => {
    const app = await startHardened(adapter, { trustedProxyHops });
    for (const chain of CHAINS) {
      const { ip, client } = JSON.parse((await call(app, '/address', { 'x-forwarded-for': chain })).text) as {
        ip: string;
        client: string;
      };
      expect(ip, chain).toBe(client);
      if (trustedProxyHops === 0) expect(ip).toBe('127.0.0.1');
    }
    await app.close();
  });
});
