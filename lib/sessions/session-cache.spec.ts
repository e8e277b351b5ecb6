import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AuthError } from '../errors/auth-error.js';
import { MINUTE_MS, SECOND_MS } from '../common/duration.js';
import { MemoryStateStore } from '../store/memory-state-store.js';
import { RelayStore } from '../../test/sessions/relay-store.js';
import { SessionLab } from '../../test/support/session-lab.js';
import { SessionCache } from './session-cache.js';
import type { LoginSession } from './login-session.entity.js';
import { SessionLoader } from './session-loader.js';
import { VersionCleanup } from './version-cleanup.js';

/** A real store that tells what it was asked for, and fails when told to. */
class ToldStore extends RelayStore {
  readonly written: { readonly key: string; readonly value: string; readonly ttlMs: number }[] = [];
  reads = 0;
  down = false;
  since = 0;

  override getMany(keys: readonly string[]): Promise<(string | null)[]> {
    this.reads += 1;
    return super.getMany(keys);
  }
  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    if (this.down) throw new AuthError('STORE_UNAVAILABLE');
    this.written.push({ key, value, ttlMs });
    return super.set(key, value, ttlMs);
  }
  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    this.written.push({ key, value, ttlMs });
    return super.setIfAbsent(key, value, ttlMs);
  }
  /** What another node writes. */
  plant(key: string, value: string): Promise<void> {
    return this.inner.set(key, value, MINUTE_MS);
  }
  override connectedAt(): number {
    return this.since;
  }
}

let lab: SessionLab;
let store: ToldStore;
let cache: SessionCache;
let userId: string;
let session: LoginSession;
let v: string;
let s: string;

beforeAll(async () => {
  lab = await SessionLab.start({ sessions: { idle: '20m', absolute: '2h' } });
});
afterAll(() => lab.close());

beforeEach(async () => {
  store = new ToldStore(new MemoryStateStore(lab.clock));
  cache = new SessionCache(store, lab.app.get(SessionLoader), new VersionCleanup(store, lab.clock), lab.clock);
  userId = await lab.person();
  session = await lab.open(userId);
  v = `gh:{${Buffer.from(userId).toString('base64url')}}:v`;
  s = `gh:{${Buffer.from(userId).toString('base64url')}}:s:${session.sid}`;
});
afterEach(() => vi.restoreAllMocks());

const find = (options?: { touch?: boolean }) => cache.find(userId, session.sid, options);
/** Changes the row behind the cache's back, so that an answer tells where it came from. */
const sneak = (values: Partial<LoginSession> = { freshUntil: 1 }) => lab.alter(session.id, values);
const isCached = async (): Promise<boolean> => (await find({ touch: false }))?.freshUntil !== 1;

describe('a look-up', () => {
  it('fills one snapshot that names the version, and is answered from it at one command', async () => {
    const begun = lab.clock.now();
    expect(await find()).toMatchObject({ id: session.id });
    const version = store.written[0]!.value;
    expect(version).toMatch(/^[\w-]{22}$/);
    expect(store.written.map(({ key, ttlMs }) => [key, ttlMs])).toEqual([
      [v, 10 * MINUTE_MS],
      [s, MINUTE_MS],
    ]);
    expect(JSON.parse(store.written[1]!.value)).toEqual({
      version,
      loadedAt: begun,
      session: { ...(await find()) },
    });
    await sneak();
    expect(await isCached()).toBe(true);
    expect(store.written).toHaveLength(2);
    expect(store.reads).toBe(3);
  });

  it('believes a snapshot for less than a minute', async () => {
    await find();
    await sneak();
    const written = JSON.parse(store.written[1]!.value);
    lab.clock.advance(MINUTE_MS);
    await store.set(s, JSON.stringify(written), MINUTE_MS);
    expect(await isCached()).toBe(false);
    await store.set(s, JSON.stringify({ ...written, loadedAt: written.loadedAt + 1 }), MINUTE_MS);
    expect(await isCached()).toBe(true);
  });

  it('believes none of another version, without one, or while there is a change', async () => {
    await find();
    await sneak();
    for (const version of ['other', 'changing']) {
      const written = JSON.parse(store.written[1]!.value);
      await store.set(
        s,
        JSON.stringify({ ...written, version: version === 'other' ? written.version : version }),
        9_999,
      );
      await store.set(v, version, 9_999);
      expect(await isCached()).toBe(false);
    }
    await store.delete(v);
    await store.set(s, JSON.stringify({ ...JSON.parse(store.written[1]!.value), version: null }), 9_999);
    expect(await isCached()).toBe(false);
  });

  it('believes none from before the store came back', async () => {
    await find();
    await sneak();
    store.since = lab.clock.now();
    expect(await isCached()).toBe(true);
    store.since = lab.clock.now() + 1;
    expect(await isCached()).toBe(false);
  });

  it('fills nothing while there is a change, or once the store has come back in between', async () => {
    await store.set(v, 'changing', 9_999);
    store.written.length = 0;
    await find();
    expect(store.written).toEqual([]);
    await store.delete(v);
    const original = store.connectedAt.bind(store);
    let asked = 0;
    store.connectedAt = () => original() + (asked += 1);
    await find();
    expect(store.written.map(({ key }) => key)).toEqual([v]);
  });

  it('fills under the version that somebody else was faster to make', async () => {
    const get = store.getMany.bind(store);
    store.getMany = async (keys) => {
      const answer = await get(keys);
      await store.plant(v, 'theirs');
      return answer;
    };
    await find();
    expect(JSON.parse(store.written.at(-1)!.value)).toMatchObject({ version: 'theirs' });
  });

  it('fills for what is left of a minute, and not at all when nothing is', async () => {
    const loader = lab.app.get(SessionLoader);
    for (const [took, ttlMs] of [
      [SECOND_MS, 59 * SECOND_MS],
      [MINUTE_MS - 1, 1],
      [MINUTE_MS, undefined],
    ] as const) {
      class Slow extends SessionLoader {
        override async load(): ReturnType<SessionLoader['load']> {
          const loaded = await loader.load(userId, session.sid, false);
          lab.clock.advance(took);
          return loaded;
        }
      }
      const slow = Object.create(Slow.prototype) as SessionLoader;
      const own = new SessionCache(store, slow, new VersionCleanup(store, lab.clock), lab.clock);
      await store.delete(s);
      store.written.length = 0;
      expect(await own.find(userId, session.sid)).toBeDefined();
      expect(store.written.find(({ key }) => key === s)?.ttlMs).toBe(ttlMs);
    }
  });

  it('is answered though the fill fails', async () => {
    store.down = true;
    expect(await find()).toMatchObject({ id: session.id });
  });

  it('remembers a dead session as dead', async () => {
    await sneak({ revokedAt: 1 });
    expect(await find()).toBeUndefined();
    expect(JSON.parse(store.written[1]!.value)).toMatchObject({ session: null });
    await sneak({ revokedAt: null });
    expect(await find()).toBeUndefined();
    expect(store.written).toHaveLength(2);
    await cache.forget(userId);
    expect(await find()).toBeDefined();
  });

  it('keeps nothing of a session in which an administrator acts', async () => {
    const admin = await lab.person('admin');
    const origin = await lab.open(admin);
    await sneak({ impersonatorId: admin, impersonatorSessionId: origin.id });
    expect(await find()).toMatchObject({ impersonatorId: admin });
    expect(store.written.map(({ key }) => key)).toEqual([v]);
    await sneak();
    expect(await isCached()).toBe(false);
  });
});

describe('the ends of a cached session', () => {
  /** A snapshot that was made a moment ago, whatever the session in it says. */
  async function plant(values: Partial<LoginSession>): Promise<void> {
    await find();
    const version = store.written[0]!.value;
    const planted = { ...(await find()), ...values };
    await store.set(s, JSON.stringify({ version, loadedAt: lab.clock.now(), session: planted }), MINUTE_MS);
    await sneak({ revokedAt: 1 });
  }

  it('is dead at the absolute end, and nobody is asked', async () => {
    await plant({ expiresAt: lab.clock.now() });
    await sneak({ revokedAt: null });
    store.written.length = 0;
    expect(await find()).toBeUndefined();
    expect(store.written).toEqual([]);
  });

  it('is live until then', async () => {
    await plant({ expiresAt: lab.clock.now() + 1 });
    expect(await find()).toBeDefined();
  });

  it('is asked of the database at the idle end, since it may have been used elsewhere', async () => {
    await plant({ lastSeenAt: lab.clock.now() - 20 * MINUTE_MS });
    await sneak({ revokedAt: null });
    expect(await find()).toMatchObject({ lastSeenAt: session.lastSeenAt });
  });

  it('is dead there when it has not been', async () => {
    await plant({ lastSeenAt: lab.clock.now() - 20 * MINUTE_MS });
    expect(await find()).toBeUndefined();
  });

  it('is asked once when it has just been loaded', async () => {
    await lab.alter(session.id, { lastSeenAt: lab.clock.now() - 20 * MINUTE_MS });
    expect(await find()).toBeUndefined();
    expect(store.written).toHaveLength(2);
  });
});

describe('a look-up that is no activity', () => {
  it('writes nothing to the row and says so in the snapshot', async () => {
    lab.clock.advance(2 * MINUTE_MS);
    expect(await find({ touch: false })).toMatchObject({ lastSeenAt: session.lastSeenAt });
    expect(JSON.parse(store.written[1]!.value)).toMatchObject({ quiet: true });
    expect((await lab.row(session.id)).lastSeenAt).toBe(session.lastSeenAt);
  });

  it('leaves a snapshot that a request after a minute does not take', async () => {
    lab.clock.advance(MINUTE_MS);
    await find({ touch: false });
    await sneak();
    expect((await find())!.freshUntil).not.toBe(1);
    lab.clock.advance(1);
    expect(await isCached()).toBe(true);
    expect(await find()).toMatchObject({ freshUntil: 1, lastSeenAt: lab.clock.now() });
    expect(JSON.parse(store.written.at(-1)!.value)).not.toHaveProperty('quiet');
  });

  it('leaves one of a dead session that every request takes', async () => {
    await sneak({ revokedAt: 1 });
    await find({ touch: false });
    lab.clock.advance(30 * SECOND_MS);
    expect(await find()).toBeUndefined();
    expect(store.written).toHaveLength(2);
  });
});

describe('what else a user holds', () => {
  it('is remembered under its name, and forgotten by the same changes', async () => {
    let loads = 0;
    const key = () => cache.findHeld(userId, 'k:7', async () => ({ loads: (loads += 1) }));
    expect(await key()).toEqual({ loads: 1 });
    expect(await key()).toEqual({ loads: 1 });
    expect(store.written.map((each) => [each.key, each.ttlMs])).toEqual([
      [v, 10 * MINUTE_MS],
      [`${v.slice(0, -2)}:k:7`, MINUTE_MS],
    ]);
    await cache.change([userId], async () => undefined);
    expect(await key()).toEqual({ loads: 2 });
  });

  it('is remembered as absent too', async () => {
    let loads = 0;
    const nothing = () => cache.findHeld(userId, 'k:8', async () => void (loads += 1));
    expect(await nothing()).toBeUndefined();
    expect(await nothing()).toBeUndefined();
    expect(loads).toBe(1);
  });
});

describe('a change', () => {
  it('is announced for 30 s, has 20 s to commit, and leaves no version', async () => {
    const other = await lab.person();
    const begun = lab.clock.now();
    const answer = await cache.change([userId, other], async (commitBefore) => {
      expect(await store.get(v)).toBe('changing');
      expect(commitBefore).toBe(begun + 20 * SECOND_MS);
      return 'done';
    });
    expect(answer).toBe('done');
    expect(store.written).toEqual(
      [userId, other].map((id) => ({
        key: `gh:{${Buffer.from(id).toString('base64url')}}:v`,
        value: 'changing',
        ttlMs: 30 * SECOND_MS,
      })),
    );
    expect(await store.get(v)).toBeNull();
  });

  it('is seen by the next request', async () => {
    await find();
    await cache.change([userId], () => sneak());
    expect(await isCached()).toBe(false);
  });

  it('leaves its announcement when nobody knows what came of it', async () => {
    const failed = cache.change([userId], () => Promise.reject(new Error('lost')));
    await expect(failed).rejects.toThrow('lost');
    expect(await store.get(v)).toBe('changing');
  });

  it('does not begin while the store is down', async () => {
    store.down = true;
    const work = vi.fn(async () => undefined);
    await expect(cache.change([userId], work)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(work).not.toHaveBeenCalled();
  });

  it('is carried out all the same where it takes power away, told, and answered 503', async () => {
    const error = vi.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    await find();
    store.down = true;
    const answer = cache.change([userId], () => sneak(), { takesAway: true });
    await expect(answer).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      headers: { 'Retry-After': '1' },
    });
    expect(error).toHaveBeenCalledExactlyOnceWith(
      'State store unavailable: a revocation is committed and reaches the cache when the store is back',
    );
    store.down = false;
    expect(await isCached()).toBe(false);
  });

  it('is told to whoever listens, until it listens no more', async () => {
    const heard: string[] = [];
    const end = cache.onChange((id) => heard.push(id));
    await cache.change([userId], async () => expect(heard).toEqual([]));
    await cache.forget('u9');
    end();
    await cache.forget(userId);
    expect(heard).toEqual([userId, 'u9']);
  });
});
