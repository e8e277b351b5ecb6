import { connect } from 'node:net';
import { Controller, Get, Header, Param, Post, Query } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Accounts,
  Auth,
  CurrentPrincipal,
  OptionalAuth,
  Principal,
  ResourceTokens,
  Sessions,
  type ResourceLink,
} from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { bearer, codeOf, header, newOwner, type Owner } from '../api-keys/kit.js';
import { tokensOf } from '../instances/pair.js';
import { startApp, type TestApp } from '../support/app.js';
import type { Answer, CallOptions } from '../support/client.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

@Controller()
class FilesController {
  constructor(private readonly links: ResourceTokens) {}

  @Post('link')
  @Auth()
  link(
    @CurrentPrincipal() who: Principal,
    @Query('path') path: string,
    @Query('ttl') ttl?: '1h',
  ): Promise<ResourceLink> {
    return this.links.issue(who, path, ttl === undefined ? {} : { ttl });
  }

  @Get('files/:id')
  @Auth({ resource: true })
  @Header('Content-Type', 'application/json')
  file(@CurrentPrincipal() who: Principal, @Param('id') id: string): object {
    const { userId, via, roles, scopes, methods, freshUntil, sessionId } = who;
    return { id, userId, via, roles, scopes: scopes ?? null, methods, fresh: freshUntil.getTime() > 0, sessionId };
  }

  @Post('files/:id')
  @Auth({ resource: true })
  change(): object {
    return {};
  }

  @Get('clerks/:id')
  @Auth({ resource: true, roles: ['clerk'] })
  clerks(): object {
    return {};
  }

  @Get('fresh/:id')
  @Auth({ resource: true, fresh: true })
  fresh(): object {
    return {};
  }

  @Get('scoped/:id')
  @Auth({ resource: true, scopes: ['notes:read'] })
  scoped(): object {
    return {};
  }

  @Get('chained/:id')
  @Auth({ resource: true })
  chained(@CurrentPrincipal() who: Principal): Promise<ResourceLink> {
    return this.links.issue(who, '/files/1');
  }

  @Get('notes/:id')
  @Auth()
  notes(@CurrentPrincipal() { via }: Principal): object {
    return { via };
  }

  @Get('maybe/:id')
  @OptionalAuth()
  maybe(@CurrentPrincipal() who?: Principal): object {
    return { via: who?.via ?? 'nobody' };
  }
}

describe.each([
  { adapter: 'express', database: 'sqlite', store: 'memory' },
  { adapter: 'fastify', database: 'postgres', store: 'redis' },
] as const)('links to protected files ($adapter, $database, $store)', ({ adapter, ...stand }) => {
  const clock = new TestClock();
  let app: TestApp;
  /** A second instance, on the other adapter, where both may share what they know. */
  let other: TestApp;
  let owner: Owner;
  beforeAll(async () => {
    const start = (at: 'express' | 'fastify', shared: object) =>
      startApp({
        ...stand,
        ...shared,
        adapter: at,
        clock,
        controllers: [FilesController],
        auth: {
          rateLimits: { multiplier: 1_000 },
          tokens: { scopes: { account: 'everyone', 'notes:read': 'everyone' } },
          sessions: { cap: 50 },
        },
      });
    app = await start(adapter, {});
    const { databaseUrl, redisUrl } = app;
    other = databaseUrl && redisUrl ? await start('express', { databaseUrl, redisUrl }) : app;
    owner = await newOwner(app, ['clerk']);
  });
  afterAll(async () => {
    if (other !== app) await other.close();
    await app.close();
  });

  const anew = async (person: Owner): Promise<Owner> => {
    const browser = app.client();
    await browser.signIn(person.email);
    return { ...person, browser };
  };
  const linkTo = async (path: string, { browser }: Owner = owner, more = ''): Promise<any> =>
    (await browser.post(`/link?path=${encodeURIComponent(path)}${more}`)).body;
  const open = (url: string, options?: CallOptions, at = app): Promise<Answer> => at.client().get(url, options);
  const withToken = (path: string, { token }: { token: string }) => `${path}?resource_token=${token}`;

  it('open one path, as their user, with the roles of now and nothing more', async () => {
    const link = await linkTo('/files/1');
    expect(link.url).toBe(`/files/1?resource_token=${link.token}`);
    expect(link.expiresAt).toBe(new Date(clock.now() + 2 * MINUTE_MS).toISOString());
    const answer = await open(link.url);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      id: '1',
      userId: owner.userId,
      via: 'resource',
      roles: ['clerk'],
      scopes: [],
      methods: ['pwd'],
      fresh: false,
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect((await app.client().call('HEAD', link.url)).status).toBe(200);
    expect((await open(`/files/1?size=small&resource_token=${link.token}&x=1`)).status).toBe(200);
    expect((await open(link.url, undefined, other)).status).toBe(200);
    expect((await open((await linkTo('/clerks/1')).url)).status).toBe(200);
    expect(codeOf(await open((await linkTo('/fresh/1')).url))).toBe('403 REAUTHENTICATION_REQUIRED');
    expect(codeOf(await open((await linkTo('/scoped/1')).url))).toBe('403 FORBIDDEN');
    expect(codeOf(await open((await linkTo('/chained/1')).url))).toBe('403 FORBIDDEN');
  });

  it.each([
    '/files/2',
    '/Files/1',
    '/FILES/1',
    '/files/1/',
    '//files/1',
    '/files//1',
    '/./files/1',
    '/files/../files/1',
    '/files/%31',
    '/%66iles/1',
    '/files/1%2e',
    '/files/1;a=b',
  ])('of /files/1 are refused at %s', async (path) => {
    const { token } = await linkTo('/files/1');
    const { port } = new URL(app.url);
    const status = await rawStatus(Number(port), `${path}?resource_token=${token}`);
    expect([401, 404]).toContain(status);
  });

  it('are refused with another method, on other routes, tampered with, several at once, and when they are over', async () => {
    const link = await linkTo('/files/1');
    expect(codeOf(await app.client().post(link.url))).toBe('401 NOT_AUTHENTICATED');
    const notes = await linkTo('/notes/1');
    expect(codeOf(await open(notes.url))).toBe('401 NOT_AUTHENTICATED');
    expect((await open((await linkTo('/maybe/1')).url)).body).toEqual({ via: 'nobody' });
    const [body, kid, mac] = link.token.split('.') as [string, string, string];
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as object;
    const longer = Buffer.from(JSON.stringify({ ...claims, exp: clock.now() + DAY_MS })).toString('base64url');
    const another = Buffer.from(JSON.stringify({ ...claims, sub: 'x' })).toString('base64url');
    for (const token of [
      `${longer}.${kid}.${mac}`,
      `${another}.${kid}.${mac}`,
      `${body}.${kid}.${mac.slice(0, -1)}${mac.endsWith('A') ? 'B' : 'A'}`,
      `${body}.${kid}`,
      `${body}.xxxxxxxx.${mac}`,
      '',
      'x',
      `${link.token}x`,
      `${link.token}&resource_token=${link.token}`,
    ]) {
      const answer = await open(withToken('/files/1', { token }));
      expect(codeOf(answer), token).toBe('401 INVALID_ACCESS_TOKEN');
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
    // It decides, though a good cookie stands beside it.
    expect(codeOf(await owner.browser.get(withToken('/files/1', { token: 'x' })))).toBe('401 INVALID_ACCESS_TOKEN');
    expect((await owner.browser.get('/files/1')).body.via).toBe('session');
    clock.advance(2 * MINUTE_MS - 1);
    expect((await open(link.url)).status).toBe(200);
    clock.advance(1);
    expect(codeOf(await open(link.url))).toBe('401 INVALID_ACCESS_TOKEN');
  });

  it('are no access tokens, and these are no links', async () => {
    const person = await newOwner(app);
    const { access_token: access, refresh_token: refresh } = await tokensOf(app, person.email);
    const headers = { authorization: `Bearer ${access}` };
    const made = await app.client().post('/link?path=/files/1', undefined, { headers });
    expect((await open(made.body.url)).body).toMatchObject({ userId: person.userId, via: 'resource' });
    expect(codeOf(await open('/files/1', bearer(made.body.token)))).toBe('401 INVALID_ACCESS_TOKEN');
    expect(codeOf(await open('/notes/1', bearer(made.body.token)))).toBe('401 INVALID_ACCESS_TOKEN');
    for (const token of [access, refresh]) {
      expect(codeOf(await open(withToken('/files/1', { token })))).toBe('401 INVALID_ACCESS_TOKEN');
    }
    // A header decides alone.
    expect((await open(made.body.url, { headers })).body.via).toBe('bearer');
    expect(codeOf(await open(made.body.url, header('gk_x')))).toBe('401 INVALID_API_KEY');
  });

  it('end with their session, their user and the role, on the next request everywhere', async () => {
    const person = await newOwner(app, ['clerk']);
    const link = await linkTo('/files/1', person);
    const clerks = await linkTo('/clerks/1', person);
    expect((await open(link.url, undefined, other)).status).toBe(200);
    expect((await open(clerks.url, undefined, other)).status).toBe(200);
    await app.get(Accounts).removeRole(person.userId, 'clerk');
    expect(codeOf(await open(clerks.url, undefined, other))).toBe('403 FORBIDDEN');
    await person.browser.post('/auth/logout');
    expect(codeOf(await open(link.url, undefined, other))).toBe('401 INVALID_ACCESS_TOKEN');
    expect(codeOf(await open(link.url))).toBe('401 INVALID_ACCESS_TOKEN');
    const second = await anew(person);
    const again = await linkTo('/files/1', second);
    expect((await open(again.url, undefined, other)).status).toBe(200);
    await app.get(Accounts).disable(person.userId);
    expect(codeOf(await open(again.url, undefined, other))).toBe('401 INVALID_ACCESS_TOKEN');
  });

  it('keep no session alive', async () => {
    const person = await newOwner(app);
    const { url } = await linkTo('/files/1', person, '&ttl=1h');
    for (let turn = 0; turn < 2; turn += 1) {
      clock.advance(14 * MINUTE_MS);
      expect((await open(url)).status).toBe(200);
    }
    clock.advance(3 * MINUTE_MS);
    expect(codeOf(await open(url))).toBe('401 INVALID_ACCESS_TOKEN');
    expect((await app.get(Sessions).list(person.userId)).items).toEqual([]);
  });

  it('are made for plain paths alone, and not for long', async () => {
    const person = await anew(owner);
    expect((await linkTo('/files/ä b', person)).url).toMatch(/^\/files\/%C3%A4%20b\?resource_token=/);
    for (const path of [
      'files/1',
      '',
      '//evil.example/x',
      '/a//b',
      '/a/../b',
      '/a/%2e%2E/b',
      '/a/.',
      '/a?b',
      '/a#b',
      '/a\\b',
      '/a%2fb',
      '/a\nb',
    ]) {
      const answer = await person.browser.post(`/link?path=${encodeURIComponent(path)}`);
      expect(codeOf(answer), path).toBe('400 VALIDATION_FAILED');
      expect(answer.body.details).toMatchObject([{ field: 'path' }]);
    }
    for (const ttl of ['61m', '0s', 'soon']) {
      const answer = await person.browser.post(`/link?path=/files/1&ttl=${ttl}`);
      expect(answer.body.details, ttl).toMatchObject([{ field: 'ttl' }]);
    }
  });
});

/** As it is written: `fetch` would tidy the path. */
function rawStatus(port: number, target: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () =>
      socket.end(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`),
    );
    socket.on('data', (data) => (text += String(data)));
    socket.on('close', () => resolve(Number(text.split(' ')[1])));
    socket.on('error', reject);
  });
}
