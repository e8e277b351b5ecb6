import net from 'node:net';
import { Controller, Get } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Auth, Public } from '../../lib/index.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { startRedisCluster, type PrivateRedisCluster } from '../support/redis-cluster.js';
import { postgresUrl } from '../support/services.js';

@Controller()
class HostController {
  @Get('notes')
  @Auth()
  notes(): object {
    return { notes: [] };
  }

  @Get('public')
  @Public()
  open(): object {
    return { open: true };
  }
}

/** A command has 300 ms; what is left is the machine's. */
const DEADLINE_MS = 1_500;
const NODES = [0, 1, 2];

describe.each(ADAPTERS)('two instances on a Redis Cluster on %s', (adapter) => {
  let cluster: PrivateRedisCluster;
  let apps: readonly [TestApp, TestApp];
  /** A browser whose sessions are on the first node, on the second, on the third. */
  const browsers: Client[] = [];
  let people = 0;

  beforeAll(async () => {
    cluster = await startRedisCluster();
    const databaseUrl = await postgresUrl();
    const start = (): Promise<TestApp> =>
      startApp({
        adapter,
        databaseUrl,
        controllers: [HostController],
        auth: { redis: { cluster: cluster.urls }, rateLimits: { multiplier: 1_000 } },
      });
    apps = [await start(), await start()];
    while (NODES.some((index) => browsers[index] === undefined)) {
      const browser = await newcomer();
      browsers[await cluster.ownerOf(sessionsOf(browser))] ??= browser;
    }
  });
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await cluster.stop();
  });

  async function newcomer(): Promise<Client> {
    const email = `person-${(people += 1)}@example.com`;
    const browser = apps[0].client();
    expect((await browser.register(email)).text).toContain('accepted');
    expect((await browser.signIn(email)).text).toContain('signed_in');
    return browser;
  }

  /** The same browser, sent to the other instance. */
  function atOther(browser: Client): Client {
    const other = apps[1].client();
    for (const [name, value] of browser.cookies) other.cookies.set(name, value);
    other.csrfToken = browser.csrfToken;
    return other;
  }

  async function inTime(call: () => Promise<Answer>): Promise<Answer> {
    const begun = performance.now();
    const answer = await call();
    expect(performance.now() - begun).toBeLessThan(DEADLINE_MS);
    return answer;
  }

  async function outageOf(index: number): Promise<void> {
    for (const app of apps) expect((await app.client().get('/notes')).status).toBe(401);
    for (const node of NODES) {
      const answer = await inTime(() => browsers[node]!.get('/notes'));
      if (node !== index) {
        expect(answer.status).toBe(200);
        continue;
      }
      expect(answer.body).toMatchObject({ statusCode: 503, code: 'STORE_UNAVAILABLE' });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect((await browsers[node]!.get('/public')).status).toBe(200);
    }
  }

  async function recovered(): Promise<void> {
    const begun = performance.now();
    for (const browser of browsers) {
      for (const here of [browser, atOther(browser)]) {
        while ((await here.get('/notes')).status !== 200) {
          expect(performance.now() - begun).toBeLessThan(5_000);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    }
    await newcomer();
  }

  it('a sign-out on one is seen by the very next request on the other', async () => {
    for (const browser of [await newcomer(), await newcomer(), await newcomer()]) {
      const other = atOther(browser);
      for (let times = 0; times < 3; times += 1) expect((await other.get('/notes')).status).toBe(200);
      expect((await browser.post('/auth/logout')).status).toBeLessThan(300);
      expect((await other.get('/notes')).status).toBe(401);
    }
  });

  it('wrong passwords on both are counted together, and lock on both', async () => {
    const email = `person-${people}@example.com`;
    for (let times = 0; times < 5; times += 1) {
      expect((await apps[times % 2]!.client().signIn(email, 'wrong horse battery staple')).status).toBe(401);
    }
    for (const app of apps) expect((await app.client().signIn(email)).body).toMatchObject({ statusCode: 429 });
  });

  it('all commands of a guarded request go to one slot, and to one node', async () => {
    for (const cold of [true, false]) {
      const browser = cold ? await newcomer() : browsers[0]!;
      if (!cold) await browser.get('/notes');
      const monitors = await Promise.all(cluster.urls.map(monitor));
      expect((await browser.get('/notes')).status).toBe(200);
      // A second request is behind all that the first has sent.
      expect((await browser.get('/notes')).status).toBe(200);
      const sent = monitors.map(({ taken }) => taken());
      expect(sent.filter((commands) => commands.length > 0)).toHaveLength(1);
      const keys = sent.flat().flatMap((command) => command.match(/"gh:[^"]+"/g) ?? []);
      expect(keys.length).toBeGreaterThan(3);
      for (const key of keys) expect(key.startsWith(`"${sessionsOf(browser)}`)).toBe(true);
      if (!cold) expect(sent.flat()).toHaveLength(2);
    }
  });

  it('one node hung: 503 within the deadline for what is on it, and all is well when it goes on', async () => {
    cluster.pause(1);
    await outageOf(1);
    cluster.resume(1);
    await recovered();
  });

  it.each([0, 2])(
    'node %i killed: 503 for what was on it alone, and all is well when it is back, empty',
    async (index) => {
      await cluster.kill(index);
      await outageOf(index);
      await cluster.restart(index);
      await cluster.untilWhole();
      await recovered();
    },
  );

  it('a node hangs while somebody signs out: committed, and refused as soon as it is back', async () => {
    const leaving = await newcomer();
    const other = atOther(leaving);
    expect((await other.get('/notes')).status).toBe(200);
    const index = await cluster.ownerOf(sessionsOf(leaving));
    cluster.pause(index);
    expect((await leaving.post('/auth/logout')).status).toBe(503);
    cluster.resume(index);
    await recovered();
    await vi.waitFor(async () => expect((await other.get('/notes')).status).toBe(401), 5_000);
  });
});

/** The beginning of all keys that hold sessions of the person who is signed in here. */
function sessionsOf(browser: Client): string {
  const [user] = browser.cookies.get('auth_session')!.split('.');
  return `gh:{${user}}:`;
}

async function monitor(url: string): Promise<{ taken: () => string[] }> {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
  let seen = '';
  socket.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  socket.write('MONITOR\r\n');
  await vi.waitFor(() => expect(seen).toContain('+OK'));
  return {
    taken: () => {
      socket.destroy();
      return seen.split('\r\n').filter((line) => / \[0 127\./.test(line));
    },
  };
}
