import { get as httpGet } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { DynamicModule, Type } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthModule, type AuthStructure } from '../../lib/index.js';
import { ADAPTERS, User } from '../support/app.js';
import { sqlite, startHost, VALUES, type Host } from '../module/kit.js';
import {
  HostGivenController,
  HostHealthController,
  HostNotesController,
  hostModule,
  prepareHost,
  trace,
} from './host-app.js';

const HOST_CONTROLLERS = [HostNotesController, HostHealthController, HostGivenController];

/** The same host alone, and beside AuthModule in the two ways that leave its routes open, imported first and last. */
const BESIDE: Readonly<Record<string, () => Type>> = {
  'without AuthModule': () => hostModule([]),
  "with AuthModule, protect: 'marked'": () => hostModule([], [auth({ protect: 'marked' })]),
  'with AuthModule, its controllers public': () =>
    hostModule([auth({ publicControllers: HOST_CONTROLLERS, context: true })]),
};

function auth(structure: Partial<AuthStructure<User>>): DynamicModule {
  return AuthModule.forRoot<User>({ userEntity: User, ...VALUES, ...structure });
}

/** On a connection of its own that ends with the answer: servers wait for those that are kept. */
function getOnce(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    httpGet(url, { agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

describe.each(ADAPTERS.flatMap((adapter) => Object.keys(BESIDE).map((beside) => ({ adapter, beside }))))(
  'a host $beside, on $adapter',
  ({ adapter, beside }) => {
    let host: Host;

    beforeAll(async () => {
      trace.length = 0;
      host = await start();
    });
    afterAll(async () => {
      await host.app.close();
      trace.length = 0;
    });

    function start(more: (app: Host['app']) => void = () => undefined): Promise<Host> {
      return startHost({
        adapter,
        database: [sqlite()],
        imports: [BESIDE[beside]!()],
        hasher: 'own',
        prepare: (app) => {
          prepareHost(app);
          more(app);
        },
      });
    }

    const get = (path: string, headers: Record<string, string> = {}) => host.client().get(path, { headers });

    it('keeps its prefix, what it excludes from it, and its versions', async () => {
      expect((await get('/api/v1/notes')).body).toEqual({ data: { notes: [] }, host: true });
      expect((await get('/api/v2/notes')).body).toEqual({ data: { items: [] }, host: true });
      expect((await get('/v1/health')).body).toEqual({ data: { up: true }, host: true });
      for (const path of ['/notes', '/v1/notes', '/api/notes', '/api/v3/notes', '/api/v1/health']) {
        expect([path, (await get(path)).status]).toEqual([path, 404]);
      }
    });

    it('keeps its limits: numbers, headers, exceptions, and what they say', async () => {
      const answers = [];
      for (let count = 0; count < 4; count += 1) answers.push(await get('/api/v1/notes/limited'));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
      expect(answers.slice(0, 3).map(({ headers }) => headers.get('x-ratelimit-limit'))).toEqual(['3', '3', '3']);
      expect(answers.slice(0, 3).map(({ headers }) => headers.get('x-ratelimit-remaining'))).toEqual(['2', '1', '0']);
      expect(answers[3]!.headers.get('retry-after')).toBe('60');
      expect(answers[3]!.body).toEqual({ statusCode: 429, message: 'ThrottlerException: Too Many Requests' });
      expect((await get('/api/v1/notes')).headers.get('x-ratelimit-limit')).toBe('50');
      expect(
        [...(await get('/api/v1/notes/unlimited')).headers.keys()].filter((name) => name.includes('ratelimit')),
      ).toEqual([]);
      // None of ours are on its answers.
      expect([...answers[0]!.headers.keys()].filter((name) => name.startsWith('ratelimit'))).toEqual([]);
    });

    it('keeps what its global modules give to every other module', async () => {
      expect((await get('/api/v1/given')).body.data).toEqual({
        limits: [{ name: 'default', ttl: 60_000, limit: 50 }],
        storage: 'ThrottlerStorageService',
        events: ['note.added'],
      });
    });

    it('keeps its events', async () => {
      const seen: unknown[] = [];
      host.get(EventEmitter2).on('note.added', (payload) => seen.push(payload));
      await host.client().post('/api/v1/notes', { text: 'hello', stars: 3 });
      expect((await get('/api/v1/notes/inbox')).body.data).toEqual({ received: [{ text: 'hello' }] });
      expect(seen).toEqual([{ text: 'hello' }]);
    });

    it('keeps its guards, each once and in order, and what they refuse', async () => {
      trace.length = 0;
      await get('/api/v1/notes');
      expect(trace).toEqual(['first guard', 'last guard']);
      trace.length = 0;
      const refused = await get('/api/v1/notes', { 'x-host-user': 'nobody' });
      expect([refused.status, refused.body.message]).toEqual([401, 'the host knows nobody of that name']);
      expect(trace).toEqual(['first guard']);
      expect((await get('/api/v1/notes', { 'x-closed': '1' })).body).toMatchObject({ statusCode: 403 });
    });

    it('keeps its own req.user', async () => {
      expect((await get('/api/v1/notes/user')).body.data).toEqual({ user: null });
      expect((await get('/api/v1/notes/user', { 'x-host-user': 'grace' })).body.data).toEqual({
        user: { name: 'grace' },
      });
    });

    it('keeps its cookies, those it sets and those it is sent', async () => {
      const cookie = 'theme=light; auth_session=made.up.by.somebody; auth_device=x; odd="a b"; =; bare';
      const answer = await get('/api/v1/notes/cookies', { cookie });
      expect(answer.body.data).toEqual({ cookie });
      expect(answer.setCookies).toEqual(expect.arrayContaining(['theme=dark; Path=/']));
      expect(answer.setCookies.filter((line) => line.startsWith('auth_'))).toEqual([]);
      expect((await get('/api/v1/notes')).setCookies).toEqual(['seen=1; Path=/']);
    });

    it('keeps its pipes, interceptors and filters', async () => {
      const good = await host.client().post('/api/v1/notes', { text: 'hello', stars: 3 });
      expect([good.status, good.body.data]).toEqual([201, { note: { text: 'hello', stars: 3 }, made: true }]);
      expect(good.headers.get('x-host')).toBe('yes');
      const bad = await host.client().post('/api/v1/notes', { text: 3, stars: 'many', extra: 1 });
      expect(bad.body).toMatchObject({ statusCode: 400, error: 'Bad Request' });
      expect(bad.body.message).toHaveLength(3);
      expect((await get('/api/v1/notes/broken')).body).toEqual({ ink: 'none' });
      expect((await get('/api/v1/notes/refused')).body).toEqual({ why: 'the host says so' });
      expect((await get('/api/v1/nothing')).body).toMatchObject({ statusCode: 404, error: 'Not Found' });
    });

    it('keeps its answers free of headers of ours', async () => {
      const { headers } = await get('/api/v1/notes/by/7');
      for (const name of ['cache-control', 'www-authenticate', 'x-frame-options'])
        expect(headers.get(name), name).toBeNull();
    });

    it('keeps the order of its life, and finishes what it has begun when it is shut down by a signal', async () => {
      await host.app.close();
      trace.length = 0;
      host = await start();
      expect(trace).toEqual(['init', 'bootstrap']);
      await host.app.close();
      expect(trace).toEqual(['init', 'bootstrap', 'destroy', 'before shutdown undefined', 'shutdown undefined']);

      trace.length = 0;
      const survive = (): void => undefined;
      process.on('SIGUSR2', survive);
      try {
        host = await start((app) => app.enableShutdownHooks(['SIGUSR2']));
        const slow = getOnce(`${host.url}/api/v1/notes/slow`);
        while (!trace.includes('slow begins')) await delay(2);
        process.kill(process.pid, 'SIGUSR2');
        expect((JSON.parse(await slow) as { data: object }).data).toEqual({ slow: true });
        while (!trace.includes('shutdown SIGUSR2')) await delay(2);
        await delay(20);
        expect(trace.filter((line) => line !== 'first guard' && line !== 'last guard')).toEqual([
          'init',
          'bootstrap',
          'slow begins',
          'destroy',
          'before shutdown SIGUSR2',
          'slow ends',
          'shutdown SIGUSR2',
        ]);
        await expect(get('/api/v1/notes')).rejects.toThrow();
      } finally {
        process.off('SIGUSR2', survive);
      }
    });
  },
);
