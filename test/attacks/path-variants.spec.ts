import { Controller, Get, Param, Post } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Auth, Public } from '../../lib/index.js';
import { ADAPTERS, PASSWORD, startApp, type AppSetup, type TestApp } from '../support/app.js';
import { rawCall, type RawAnswer } from './kit.js';

const KEPT = 'what is kept from others';

@Controller('notes')
class NotesController {
  @Get(':id')
  read(@Param('id') id: string): object {
    return { id, text: KEPT };
  }

  @Post()
  @Auth({ roles: ['editor'] })
  write(): object {
    return { text: KEPT };
  }
}

@Controller('public')
@Public()
class OpenController {
  @Get()
  read(): string {
    return 'for all';
  }

  @Get('notes/:id')
  other(): string {
    return 'for all';
  }
}

/** How somebody may write `/notes/7` in the hope that the guard reads another path than the router. */
const VARIANTS: readonly string[] = [
  '/notes/7',
  '//notes/7',
  '/notes//7',
  '///notes///7//',
  '/notes/7/',
  '/notes/7//',
  '/notes/7/.',
  '/notes/./7',
  '/./notes/7',
  '/notes/7.',
  '/notes/7..',
  '/notes./7',
  '/NOTES/7',
  '/Notes/7',
  '/%6eotes/7',
  '/%6Eotes/7',
  '/%256eotes/7',
  '/notes/%37',
  '/notes%2f7',
  '/notes%2F7',
  '/notes%5c7',
  '/notes\\7',
  '/notes/7;v=1',
  '/notes;v=1/7',
  '/notes/7;/public',
  '/notes/7%3bv=1',
  '/notes/7?',
  '/notes/7?/public',
  '/notes/7?x=/public',
  '/notes/7%3f/public',
  '/notes/7#/public',
  '/notes/7%23/public',
  '/notes/7%00',
  '/notes/7%00.html',
  '/notes/7%20',
  '/notes/7%09',
  '/notes/7.json',
  '/notes/7%2e',
  '/public/../notes/7',
  '/public/..%2fnotes/7',
  '/public/%2e%2e/notes/7',
  '/public/%2e%2e%2fnotes/7',
  '/public/..;/notes/7',
  '/public/.%2e/notes/7',
  '/notes/7/../7',
  '/notes/..%2fnotes/7',
  '/notes/%c0%ae',
  '/notes/%e0%80%af7',
  'http://127.0.0.1/notes/7',
  'http://public/notes/7',
  '/*/7',
];

/** As lenient as the router of each adapter can be made. */
const LENIENT: Record<string, Pick<AppSetup, 'fastify'>> = {
  express: {},
  fastify: {
    fastify: {
      routerOptions: {
        ignoreTrailingSlash: true,
        ignoreDuplicateSlashes: true,
        caseSensitive: false,
      },
    },
  },
};

const SETUPS = [
  ...ADAPTERS.map((adapter) => ({ adapter, lenient: false })),
  { adapter: 'fastify' as const, lenient: true },
];

describe.each(SETUPS)('variants of a path on $adapter, lenient: $lenient', ({ adapter, lenient }) => {
  let app: TestApp;
  let cookie: string;

  beforeAll(async () => {
    app = await startApp({
      adapter,
      ...(lenient ? LENIENT[adapter] : {}),
      controllers: [NotesController, OpenController],
    });
    const browser = app.client();
    await browser.register('ada@example.com');
    expect((await browser.signIn('ada@example.com')).status).toBe(200);
    cookie = browser.cookieHeader();
  });
  afterAll(() => app.close());

  const expectNothing = (path: string, { status, text }: RawAnswer): void => {
    expect(text, path).not.toContain(KEPT);
    expect(status, path).toBeLessThan(500);
    if (!text.includes('for all')) expect(status, path).toBeGreaterThanOrEqual(400);
  };

  it('reach the same guard as the plain path, or nothing', async () => {
    expect((await rawCall(app.url, 'GET', '/notes/7', { cookie })).text).toContain(KEPT);
    let reached = 0;
    for (const path of VARIANTS) {
      expectNothing(path, await rawCall(app.url, 'GET', path));
      if ((await rawCall(app.url, 'GET', path, { cookie })).text.includes(KEPT)) reached += 1;
    }
    // Some of them do lead there: for whoever is signed in.
    expect(reached).toBeGreaterThan(10);
  });

  it('say no more with another method, or one that a header asks for', async () => {
    for (const method of ['HEAD', 'OPTIONS', 'PUT', 'TRACE', 'get', 'PROPFIND']) {
      const answer = await rawCall(app.url, method, '/notes/7').catch(() => ({ status: 400, text: '' }));
      expect(answer.text).not.toContain(KEPT);
      expect(answer.status).not.toBe(200);
    }
    for (const header of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
      const answer = await rawCall(app.url, 'GET', '/public', { [header]: 'POST', cookie });
      expect(answer.text).toBe('for all');
      const forged = await rawCall(app.url, 'POST', '/notes', { [header]: 'GET', cookie });
      expect([forged.status, forged.text.includes(KEPT)]).toEqual([403, false]);
    }
    for (const header of ['x-original-url', 'x-rewrite-url', 'x-forwarded-uri', 'x-forwarded-prefix']) {
      const answer = await rawCall(app.url, 'GET', '/public', { [header]: '/notes/7' });
      expect(answer.text).toBe('for all');
      expect((await rawCall(app.url, 'GET', '/notes/7', { [header]: '/public' })).status).toBe(401);
    }
  });

  it('of our own routes meet one limit, whatever they are written like', async () => {
    const spellings = ['/auth/register', '/auth/register/', '/AUTH/register', '//auth/register', '/auth/%72egister'];
    const counted: number[] = [];
    for (let index = 0; index < 60; index += 1) {
      const path = spellings[index % spellings.length]!;
      const body = JSON.stringify({ email: `new${index}@example.com`, password: PASSWORD });
      const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
      const { status } = await rawCall(app.url, 'POST', path, headers, body);
      if (status !== 404) counted.push(status);
    }
    // One was taken by the account above.
    expect(counted.filter((status) => status === 202)).toHaveLength(19);
    expect(new Set(counted)).toEqual(new Set([202, 429]));
  });
});
