import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { harden } from '../../lib/index.js';
import { ADAPTERS, type TestApp } from '../support/app.js';
import { call, sendRaw, startHardened } from './kit.js';

const API_POLICY = "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'";
const PAGE_POLICY =
  "default-src 'self';base-uri 'none';form-action 'self';frame-ancestors 'none';img-src 'self' data:;object-src 'none'";

describe.each(ADAPTERS)('a hardened application on %s', (adapter) => {
  let app: TestApp;

  beforeAll(async () => {
    const pages = ['/docs/', '/'];
    app = await startHardened(adapter, { http: { pages } }, { prepare: (host) => harden(host) });
  });
  afterAll(() => app.close());

  it('sends every security header, with every kind of answer', async () => {
    for (const path of ['/answer', '/auth/me', '/auth/session', '/nowhere', '/own-headers/%', '/.well-known/x']) {
      const { headers } = await call(app, path);
      expect(headers, path).toMatchObject({
        'content-security-policy': API_POLICY,
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'x-xss-protection': '0',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-site',
        'origin-agent-cluster': '?1',
        'x-dns-prefetch-control': 'off',
        'x-permitted-cross-domain-policies': 'none',
      });
      for (const telling of ['x-powered-by', 'server']) expect(headers, path).not.toHaveProperty(telling);
    }
  });

  it('gives pages the policy of a page, by whole parts of the path', async () => {
    for (const path of ['/docs', '/docs/', '/docs/inside?x=1', '/docs?x', '/']) {
      const { headers } = await call(app, path);
      expect(headers['content-security-policy'], path).toBe(PAGE_POLICY);
      expect(headers['referrer-policy'], path).toBe('same-origin');
    }
    for (const path of ['/docs-other', '/answer', '//docs', '/DOCS', '/answer?/docs']) {
      expect((await call(app, path)).headers['content-security-policy'], path).toBe(API_POLICY);
    }
  });

  it('leaves the headers of a handler to it', async () => {
    const { headers } = await call(app, '/own-headers');
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'self' https://cdn.example.com",
      'referrer-policy': 'origin',
      'strict-transport-security': 'max-age=1',
      'x-content-type-options': 'nosniff',
    });
  });

  it('answers a body above the limit with 413, whole and without a stack, and one below it', async () => {
    const json = { 'content-type': 'application/json' };
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const [headers, body] of [
      [json, JSON.stringify({ text: 'x'.repeat(10_000_000) })],
      [json, JSON.stringify({ text: 'x'.repeat(102_400) })],
      [form, `text=${'x'.repeat(102_400)}`],
    ] as const) {
      // The server may close before the last byte: then the answer is what `curl` would show, or nothing.
      const answer = await call(app, '/echo', headers, { method: 'POST', body }).catch(() => undefined);
      if (answer === undefined) continue;
      expect(answer.status).toBe(413);
      expect(JSON.parse(answer.text)).toMatchObject({ statusCode: 413 });
      expect(answer.text).not.toMatch(/ at |node_modules|\.js/);
      expect(answer.headers['content-security-policy']).toBe(API_POLICY);
    }
    const small = JSON.stringify({ text: 'x'.repeat(102_300) });
    expect((await call(app, '/echo', json, { method: 'POST', body: small })).status).toBe(201);
    const chunked = ['POST /echo HTTP/1.1', 'Host: api.example.com', 'Content-Type: application/json'];
    const size = (200_000).toString(16);
    const text = await sendRaw(app, [
      ...chunked,
      'Transfer-Encoding: chunked',
      'Connection: close',
      '',
      size,
      `{"text":"${'x'.repeat(199_989)}"}`,
      '0',
    ]).catch(() => undefined);
    if (text !== undefined) expect(text.status).toBe(413);
  });

  it('waits for headers and bodies only so long', () => {
    const server = app.app.getHttpServer() as { headersTimeout: number; requestTimeout: number };
    expect(server).toMatchObject({ headersTimeout: 60_000, requestTimeout: 300_000 });
  });

  it('is told apart by nobody who calls harden twice', async () => {
    const { headers } = await call(app, '/answer', { origin: 'https://app.example.com' });
    expect(headers['vary']).toBe('Origin');
    expect(headers['access-control-allow-origin']).toBe('https://app.example.com');
  });
});

describe('the options', () => {
  it('switch HSTS off over http, whatever it says, and change it over https', async () => {
    const plain = await startHardened('express', {
      environment: 'test',
      baseUrl: 'http://api.example.com',
      origins: [],
    });
    const { headers } = await call(plain, '/answer');
    expect(headers).not.toHaveProperty('strict-transport-security');
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    await plain.close();
    const hsts = { maxAge: '730d', includeSubDomains: false, preload: true } as const;
    const own = await startHardened('fastify', { http: { hsts, cors: false } });
    const answer = await call(own, '/answer', { origin: 'https://app.example.com' });
    expect(answer.headers['strict-transport-security']).toBe('max-age=63072000; preload');
    expect(answer.headers).not.toHaveProperty('vary');
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    await own.close();
  });

  it.each(ADAPTERS)('limit bodies on %s', async (adapter) => {
    // Fastify without `fastifyOptions`: the parsers alone have the limit.
    const app = await startHardened(adapter, { http: { bodyLimit: '1kb' } }, { fastify: {} });
    const json = { 'content-type': 'application/json' };
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const text = 'x'.repeat(1_024);
    for (const [headers, body] of [
      [json, JSON.stringify({ text })],
      [form, `text=${text}`],
    ] as const) {
      expect((await call(app, '/echo', headers, { method: 'POST', body })).status).toBe(413);
    }
    expect((await call(app, '/echo', form, { method: 'POST', body: 'text=x' })).status).toBe(201);
    await app.close();
  });
});
