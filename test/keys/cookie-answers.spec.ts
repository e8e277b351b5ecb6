import { Controller, Get, Header, Res, StreamableFile } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { Auth, OptionalAuth } from '../../lib/index.js';
import { newPerson, signedIn } from '../sessions/kit.js';
import { ADAPTERS, type Adapter } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { ALL, at, lineOf, maxAgeOf, names, OLD, place, rotated } from './cookie-kit.js';

const PUBLIC = 'public, max-age=300';
const HOST_COOKIE = 'theme=dark; Path=/';

/** What Express and Fastify have in common. */
interface HostResponse {
  readonly raw?: ServerResponse;
  status(code: number): HostResponse;
  header(name: string, value: string | readonly string[]): HostResponse;
  hijack?(): void;
}

const rawOf = (response: HostResponse): ServerResponse => {
  response.hijack?.();
  return response.raw ?? (response as unknown as ServerResponse);
};

/** A host that lets shared caches keep its pages, in every way that there is to say so. */
@Controller('pages')
@OptionalAuth()
class CachedController {
  @Get('decorator')
  @Header('Cache-Control', PUBLIC)
  decorator(): string {
    return 'page';
  }

  @Get('header')
  header(@Res({ passthrough: true }) response: HostResponse): object {
    response.header('cache-control', PUBLIC).header('Set-Cookie', HOST_COOKIE).header('CDN-Cache-Control', PUBLIC);
    response.header('Surrogate-Control', 'max-age=300').header('X-Host', 'kept');
    return { page: true };
  }

  @Get('not-modified')
  notModified(@Res({ passthrough: true }) response: HostResponse): void {
    response.status(304).header('Cache-Control', PUBLIC).header('X-Host', 'kept');
  }

  @Get('stream')
  @Header('Cache-Control', PUBLIC)
  stream(): StreamableFile {
    return new StreamableFile(Readable.from(['pa', 'ge']));
  }

  @Get('piped')
  piped(@Res() response: HostResponse): void {
    const raw = rawOf(response);
    raw.setHeader('CACHE-CONTROL', PUBLIC);
    Readable.from(['pa', 'ge']).pipe(raw);
  }

  @Get('flushed')
  flushed(@Res() response: HostResponse): void {
    const raw = rawOf(response);
    raw.setHeader('Cache-Control', PUBLIC);
    raw.flushHeaders();
    raw.end('page');
  }

  @Get('object')
  object(@Res() response: HostResponse): void {
    const headers = { 'cAcHe-CoNtRoL': PUBLIC, 'set-cookie': [HOST_COOKIE], 'X-Host': 'kept' };
    rawOf(response).writeHead(200, headers).end('page');
  }

  @Get('list')
  list(@Res() response: HostResponse): void {
    const headers = ['Cache-Control', PUBLIC, 'Set-Cookie', [HOST_COOKIE, 'lang=en'], 'X-Host', 'kept'];
    rawOf(response).writeHead(200, 'Fine', headers).end('page');
  }

  @Get('twice')
  twice(@Res() response: HostResponse): void {
    const raw = rawOf(response);
    try {
      raw.writeHead(99);
    } catch {
      raw.writeHead(200, { 'Cache-Control': PUBLIC }).end('page');
    }
  }

  @Get('own-session')
  @Auth()
  ownSession(@Res({ passthrough: true }) response: HostResponse): string {
    response.header('Set-Cookie', 'auth_session=of-their-own; Path=/');
    return 'page';
  }
}

const WAYS = ['decorator', 'header', 'not-modified', 'stream', 'piped', 'flushed', 'object', 'list', 'twice'];

const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

interface Person {
  readonly email: string;
  /** Signed in before the secret changed, and used after. */
  readonly browser: Client;
  readonly sid: string;
  readonly sessionId: string;
}

/** New people, whose browsers come with cookies of a secret that signs no more. */
async function people(adapter: Adapter): Promise<() => Promise<Person>> {
  const { start } = await place(adapter, undo, [CachedController]);
  const cookies = { xsrfCookie: true };
  const before = await start({ secret: OLD, cookies });
  const after = await start({ ...rotated, cookies });
  return async () => {
    const person = await newPerson(before);
    const browser = await signedIn(before, person);
    const [session] = (await browser.get('/auth/sessions')).body.items;
    const sid = sidOf(browser.cookies.get('auth_session')!);
    return { email: person.email, browser: at(after, browser), sid, sessionId: session.id };
  };
}

const sidOf = (cookie: string): string => cookie.split('.')[1]!;
const valueOf = (line: string): string => /=([^;]*)/.exec(line)![1]!;

describe.each(ADAPTERS)('an answer that sets cookies again, on %s', (adapter) => {
  it.each(WAYS)('is kept by no cache, whatever the host says: %s', async (way) => {
    const { browser } = await (await people(adapter))();
    const answer = await browser.get(`/pages/${way}`);
    const hosts = names(answer).filter((name) => !ALL.includes(name));
    expect(names(answer)).toEqual([...ALL, ...hosts].sort());
    expect(answer.headers.get('cache-control')).toBe('no-store');
    for (const name of ['cdn-cache-control', 'surrogate-control']) expect(answer.headers.has(name), name).toBe(false);

    const next = await browser.get(`/pages/${way}`);
    expect([next.status, next.text]).toEqual([answer.status, answer.text]);
    expect(next.headers.get('cache-control')).toBe(PUBLIC);
    expect(names(next)).toEqual(hosts);
    expect(next.headers.get('x-host')).toBe(answer.headers.get('x-host'));
  });

  it('keeps all that the host writes', async () => {
    const { browser } = await (await people(adapter))();
    const answer = await browser.get('/pages/list');
    expect(names(answer)).toEqual([...ALL, 'lang', 'theme'].sort());
    expect([answer.text, answer.headers.get('x-host')]).toEqual(['page', 'kept']);
  });

  it('sets each cookie once, and never the session that it ends or replaces', async () => {
    const newOne = await people(adapter);
    const stranger = await newOne();
    const answerTo = async (call: (person: Person) => Promise<Answer>): Promise<string> => {
      const person = await newOne();
      const answer = await call(person);
      expect(answer.status, answer.text).toBeLessThan(300);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(names(answer)).toEqual([...new Set(names(answer))]);
      const line = lineOf(answer, 'auth_session');
      const xsrf = lineOf(answer, 'XSRF-TOKEN');
      expect([xsrf === undefined, maxAgeOf(xsrf ?? '') === 0]).toEqual([
        line === undefined,
        maxAgeOf(line ?? '') === 0,
      ]);
      if (line === undefined) return 'none';
      if (maxAgeOf(line) === 0) return 'cleared';
      return sidOf(valueOf(line)) === person.sid ? 'the same' : 'another';
    };
    const seen = {
      login: await answerTo(({ browser, email }) => browser.signIn(email)),
      someoneElse: await answerTo(({ browser }) => browser.signIn(stranger.email)),
      tokens: await answerTo(({ browser, email }) => browser.signIn(email, undefined, { deliver: 'tokens' })),
      logout: await answerTo(({ browser }) => browser.post('/auth/logout')),
      others: await answerTo(({ browser }) => browser.delete('/auth/sessions')),
      all: await answerTo(({ browser }) => browser.delete('/auth/sessions?keepCurrent=false')),
      itself: await answerTo(({ browser, sessionId }) => browser.delete(`/auth/sessions/${sessionId}`)),
      account: await answerTo(({ browser }) => browser.delete('/auth/me')),
    };
    expect(seen).toEqual({
      login: 'another',
      someoneElse: 'another',
      tokens: 'none',
      logout: 'cleared',
      others: 'the same',
      all: 'cleared',
      itself: 'cleared',
      account: 'cleared',
    });
  });

  it('leaves a session to the host that sets one, and its CSRF cookie with it', async () => {
    const { browser } = await (await people(adapter))();
    const answer = await browser.get('/pages/own-session');
    expect(names(answer)).toEqual(['auth_device', 'auth_session']);
    expect(valueOf(lineOf(answer, 'auth_session'))).toBe('of-their-own');
  });
});
