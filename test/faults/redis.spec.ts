import { Controller, Get } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Auth, Public } from '../../lib/index.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';

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

describe.each(ADAPTERS)('Redis fails under a running application on %s', (adapter) => {
  let redis: PrivateRedis;
  let app: TestApp;
  let ada: Client;

  beforeAll(async () => {
    redis = await startRedis();
    app = await startApp({ adapter, redisUrl: redis.url, controllers: [HostController] });
    ada = app.client();
    expect((await ada.register('ada@example.com')).text).toContain('accepted');
    expect((await ada.signIn('ada@example.com')).text).toContain('signed_in');
    expect((await ada.get('/notes')).status).toBe(200);
  });
  afterAll(async () => {
    await app.close();
    await redis.stop();
  });

  async function refusedInTime(call: () => Promise<Answer>): Promise<void> {
    const begun = performance.now();
    const answer = await call();
    expect(performance.now() - begun).toBeLessThan(DEADLINE_MS);
    expect(answer.body).toMatchObject({ statusCode: 503, code: 'STORE_UNAVAILABLE' });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  }

  async function outage(): Promise<void> {
    await refusedInTime(() => ada.get('/notes'));
    await refusedInTime(() => ada.get('/auth/session'));
    await refusedInTime(() => app.client().signIn('ada@example.com'));
    await refusedInTime(() => app.client().register('eve@example.com'));
    // What needs no store goes on: open routes, and visitors without a cookie.
    expect((await ada.get('/public')).status).toBe(200);
    expect((await app.client().get('/notes')).status).toBe(401);
  }

  async function recovered(): Promise<void> {
    const begun = performance.now();
    while ((await ada.get('/notes')).status !== 200) {
      expect(performance.now() - begun).toBeLessThan(5_000);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await app.client().signIn('ada@example.com')).status).toBe(200);
  }

  it('hung: 503 within the deadline, and all is well when it goes on', async () => {
    redis.pause();
    await outage();
    redis.resume();
    await recovered();
  });

  it('stopped: 503 within the deadline, and all is well when it is back, empty', async () => {
    await redis.stop();
    await outage();
    await redis.restart();
    await recovered();
  });

  it('stopped while somebody signs out: it is committed, and refused as soon as Redis is back', async () => {
    const eve = app.client();
    await eve.register('mallory@example.com');
    await eve.signIn('mallory@example.com');
    expect((await eve.get('/notes')).status).toBe(200);
    redis.pause();
    expect((await eve.post('/auth/logout')).status).toBe(503);
    redis.resume();
    await recovered();
    const begun = performance.now();
    while ((await eve.get('/notes')).status !== 401) {
      expect(performance.now() - begun).toBeLessThan(5_000);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
});

describe('Redis cannot be reached', () => {
  it('at start: the application does not start and says which host, not which password', async () => {
    const start = startApp({ redisUrl: 'redis://user:marker-secret@127.0.0.1:1' });
    await expect(start).rejects.toThrow(/127\.0\.0\.1:1/);
    await expect(start).rejects.not.toThrow(/marker-secret/);
  });
});
