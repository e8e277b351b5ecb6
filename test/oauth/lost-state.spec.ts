import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestClock } from '../../lib/testing/index.js';
import { startRedis } from '../support/redis-server.js';
import { begin, landingOf, newAddress, newName, open, startHostileStand, whoIs, type OAuthStand } from './kit.js';

let redis: Awaited<ReturnType<typeof startRedis>>;
let stand: OAuthStand;
const clock = new TestClock();
beforeAll(async () => {
  redis = await startRedis();
  stand = await startHostileStand({ redisUrl: redis.url, clock });
});
afterAll(async () => {
  await stand.close();
  await redis.stop();
});

it('a flow from before Redis was restarted is begun anew: whether it was used may be forgotten', async () => {
  const { app, hostile } = stand;
  const person = { sub: newName(), email: newAddress() };
  const [used, unused] = [app.client(), app.client()];
  const spent = hostile.approve(await begin(used, 'hostile'), person);
  const waiting = hostile.approve(await begin(unused, 'hostile'), person);
  const headers = { cookie: used.cookieHeader() };
  expect(landingOf(await open(used, spent)).error).toBeNull();
  clock.advance(1_000);
  await redis.restart();
  await expect.poll(async () => (await app.client().get('/auth/oauth/hostile')).status, { timeout: 8_000 }).toBe(302);
  const thief = app.client();
  expect(landingOf(await thief.get(spent.pathname + spent.search, { headers })).error).toBe('OAUTH_FAILED');
  expect(await whoIs(thief)).toBeNull();
  expect(landingOf(await open(unused, waiting)).error).toBe('OAUTH_FAILED');
  clock.advance(1_000);
  expect(landingOf(await open(unused, hostile.approve(await begin(unused, 'hostile'), person))).error).toBeNull();
});
