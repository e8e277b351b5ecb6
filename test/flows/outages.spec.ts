import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Wire } from '../faults/wire.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import { postgresUrl } from '../support/services.js';
import { prepareAll, type Confirmation } from './confirmations.js';
import { startStage, type Stage } from './kit.js';

const DEADLINE_MS = 2_500;
const RECOVERY_MS = 5_000;
/** Their used-marks were in the store that came back empty. */
const LOST_WITH_THE_STORE = ['a sign-in code', 'a code that confirms'];

/** Between the request of a flow and its confirmation. Whatever was mailed must still be worth something afterwards. */
describe('an outage amid every flow', () => {
  const wire = new Wire();
  let redis: PrivateRedis;
  let target: string;
  let stage: Stage;

  beforeAll(async () => {
    redis = await startRedis();
    target = await postgresUrl();
    await wire.open(target);
    // Long enough for a busy machine, and short enough for the test.
    const auth = { database: { timeout: '1s' }, redis: { url: redis.url, commandTimeout: '600ms' } } as const;
    stage = await startStage({ databaseUrl: wire.url, auth });
  });
  afterAll(async () => {
    await stage.close();
    await wire.cut();
    await redis.stop();
  });

  async function allRefused(prepared: ReadonlyMap<string, Confirmation>): Promise<void> {
    for (const [name, { send }] of prepared) {
      const begun = performance.now();
      const { status, body } = await send();
      expect([status, body?.code], name).toEqual([503, 'STORE_UNAVAILABLE']);
      expect(performance.now() - begun, name).toBeLessThan(DEADLINE_MS);
    }
  }

  async function allWork(prepared: ReadonlyMap<string, Confirmation>, lost: readonly string[] = []): Promise<void> {
    const giveUpAt = performance.now() + RECOVERY_MS;
    while ((await stage.app.client().get('/auth/session')).status === 503 || !(await registers())) {
      expect(performance.now()).toBeLessThan(giveUpAt);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    for (const [name, { send, status }] of prepared) {
      const answer = await send();
      if (lost.includes(name)) expect([400, 401], name).toContain(answer.status);
      else expect(answer.status, `${name}: ${answer.text}`).toBe(status);
    }
  }

  /** Needs both the database and the store. */
  async function registers(): Promise<boolean> {
    return (await stage.app.client().register('somebody@example.com')).status === 202;
  }

  it('of the database: 503, and what was mailed works afterwards', async () => {
    const prepared = await prepareAll(stage);
    await wire.cut();
    await allRefused(prepared);
    await wire.open(target);
    await allWork(prepared);
  });

  it('of the store, which answers again: 503, and what was mailed works afterwards', async () => {
    const prepared = await prepareAll(stage);
    redis.pause();
    await allRefused(prepared);
    redis.resume();
    await allWork(prepared);
  });

  it('of the store, which comes back empty: 503, and links work afterwards', async () => {
    const prepared = await prepareAll(stage);
    await redis.stop();
    await allRefused(prepared);
    // A challenge of the very moment of the reconnection would still be believed.
    stage.clock.advance(1_000);
    await redis.restart();
    await allWork(prepared, LOST_WITH_THE_STORE);
  });
});
