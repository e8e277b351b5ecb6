import { describe, expect, it } from 'vitest';
import { Accounts, StateStore } from '../../lib/index.js';
import { SessionLoader } from '../../lib/sessions/session-loader.js';
import { startRedis } from '../support/redis-server.js';
import {
  isSnapshot,
  isVersion,
  newPerson,
  signedIn,
  StagedStore,
  until,
  withRedis,
  type HeldLoader,
  type StoreWrapper,
} from './kit.js';
import { twoInstances, who, type Lab } from './lab.js';
import { RelayStore } from './relay-store.js';

describe('a Redis that comes back with older data', () => {
  /** Does not know when its connection was made. */
  class TimelessStore extends RelayStore {
    override connectedAt(): number {
      return 0;
    }
  }

  /** Whether the request after a disabling is answered as before, when Redis has gone back to what it held before. */
  async function believed(Wrapper: StoreWrapper): Promise<boolean> {
    const redis = await startRedis();
    const lab = await twoInstances(Wrapper, redis);
    try {
      const person = await newPerson(lab.writer);
      const browser = await signedIn(lab.reader, person);
      await who(browser);
      const saved = await cacheOf(redis.url);
      expect(saved).toHaveLength(2);
      await lab.writer.get(Accounts).disable(person.userId);
      expect((await who(browser)).status).toBe(401);
      await redis.restart();
      await restore(redis.url, saved);
      await until(() => answers(lab), 'both instances have connected again');
      // Not by the way that a request may have taken meanwhile: the old data are there to be read.
      await restore(redis.url, saved);
      const first = (await who(browser)).status;
      expect((await who(browser)).status).toBe(first);
      return first === 200;
    } finally {
      await lab.close();
    }
  }

  it('is not believed', async () => {
    expect(await believed(StagedStore)).toBe(false);
  });

  it('would be believed by its versions alone', async () => {
    expect(await believed(TimelessStore)).toBe(true);
  });

  it('is not filled by a reader that began before', async () => {
    const redis = await startRedis();
    const lab = await twoInstances(StagedStore, redis);
    try {
      const person = await newPerson(lab.writer);
      const browser = await signedIn(lab.reader, person);
      await who(browser);
      const saved = (await cacheOf(redis.url)).filter(([key]) => isVersion(key));
      expect(saved).toHaveLength(1);
      const second = await signedIn(lab.reader, person);
      const held = (lab.reader.get(SessionLoader) as HeldLoader).hold();
      const slow = who(second);
      await held.reached;
      await lab.writer.get(Accounts).disable(person.userId);
      await redis.restart();
      await until(() => answers(lab), 'both instances have connected again');
      await restore(redis.url, saved);
      held.open();
      expect((await slow).status).toBe(200);
      expect((await who(second)).status).toBe(401);
      expect((await who(browser)).status).toBe(401);
    } finally {
      await lab.close();
    }
  });

  type Saved = readonly (readonly [key: string, value: string])[];

  async function cacheOf(url: string): Promise<Saved> {
    return withRedis(url, async (client) => {
      const keys = (await client.keys('gh:{*')).filter((key) => isVersion(key) || isSnapshot(key));
      return Promise.all(keys.map(async (key) => [key, (await client.get(key))!] as const));
    });
  }

  async function restore(url: string, saved: Saved): Promise<void> {
    await withRedis(url, async (client) => {
      for (const [key, value] of saved) await client.set(key, value, { PX: 60_000 });
    });
  }

  async function answers({ writer, reader }: Lab): Promise<boolean> {
    const pings = await Promise.allSettled([writer, reader].map((app) => app.get(StateStore).ping()));
    return pings.every(({ status }) => status === 'fulfilled');
  }
});
