import { afterEach, describe, expect, it } from 'vitest';
import { StateStore } from '../../lib/index.js';
import { HashingQueue } from '../../lib/passwords/hashing-queue.js';
import { MemoryStateStore, TestClock } from '../../lib/testing/index.js';
import { PASSWORD } from '../support/app.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import {
  knownBrowser,
  newAccount,
  startGate,
  statuses,
  times,
  tryInTurn,
  tryPassword,
  WRONG,
  type Gate,
} from './kit.js';

const ADA = 'ada@example.com';
const EVE = 'eve@example.com';
const HERE = '192.0.2.1';

let gate: Gate | undefined;
let redis: PrivateRedis | undefined;
afterEach(async () => {
  await gate?.app.close();
  await redis?.stop();
  gate = redis = undefined;
});

async function start(setup: Parameters<typeof startGate>[0] = {}): Promise<Gate> {
  gate = await startGate(setup);
  await newAccount(gate.app, ADA);
  await newAccount(gate.app, EVE);
  return gate;
}

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Neither the account nor the address has anything against it: five, and twenty, are checked. */
async function expectUntouched({ app }: Gate): Promise<void> {
  for (let index = 0; index < 20; index += 1) {
    expect((await tryPassword(app, `n${index}@example.com`, { from: HERE })).status).toBe(401);
  }
  expect(statuses(await tryInTurn(app, 6, ADA))).toEqual([...times(5, 401), 429]);
}

describe('an attempt without a verdict counts for nothing', () => {
  it('when the hashing queue is full: BUSY at once', async () => {
    const running = await start({ auth: { passwords: { concurrency: 1, queue: 1 } } });
    const { app, hasher } = running;
    const release = hasher.hold();
    const first = tryPassword(app, EVE, { password: PASSWORD });
    await until(() => hasher.checked === 1);
    const second = tryPassword(app, EVE, { password: PASSWORD });
    await until(() => !app.get(HashingQueue).isEmpty);
    // All of them are answered while nothing moves.
    for (const answer of await tryInTurn(app, 30, ADA, { password: PASSWORD, from: HERE })) {
      expect(answer.body).toMatchObject({ statusCode: 503, code: 'BUSY' });
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(answer.setCookies).toEqual([]);
    }
    const many = await Promise.all(Array.from({ length: 40 }, () => tryPassword(app, ADA, { from: HERE })));
    expect(many.map(({ status }) => [503, 429].includes(status))).toEqual(new Array(40).fill(true));
    expect(hasher.checked).toBe(1);
    release();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    await expectUntouched(running);
  });

  it('when the client has gone before the hash began', async () => {
    const running = await start({ auth: { passwords: { concurrency: 1, queue: 64 } } });
    const { app, hasher } = running;
    const queue = app.get(HashingQueue);
    const release = hasher.hold();
    const first = tryPassword(app, EVE, { password: PASSWORD });
    await until(() => hasher.checked === 1);
    for (let index = 0; index < 25; index += 1) {
      const client = new AbortController();
      const gone = fetch(`${app.url}/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': HERE },
        body: JSON.stringify({ email: ADA, password: PASSWORD }),
        signal: client.signal,
      }).catch((error: Error) => error.name);
      await until(() => !queue.isEmpty);
      client.abort();
      expect(await gone).toBe('AbortError');
      await until(() => queue.isEmpty);
    }
    release();
    expect((await first).status).toBe(200);
    expect(hasher.checked).toBe(1);
    await expectUntouched(running);
  });

  it('when the database fails', async () => {
    const running = await start();
    const { app, hasher } = running;
    await app.dataSource.query('ALTER TABLE users RENAME TO users_away');
    for (const { status } of await tryInTurn(app, 25, ADA, { password: PASSWORD, from: HERE })) {
      expect(status).toBeGreaterThanOrEqual(500);
    }
    await app.dataSource.query('ALTER TABLE users_away RENAME TO users');
    expect(hasher.checked).toBe(0);
    await expectUntouched(running);
  });

  it('when the session cannot be written after the right password', async () => {
    const running = await start();
    const { app } = running;
    await app.dataSource.query('ALTER TABLE auth_sessions RENAME TO sessions_away');
    for (const { status, setCookies } of await tryInTurn(app, 25, ADA, { password: PASSWORD, from: HERE })) {
      expect(status).toBeGreaterThanOrEqual(500);
      expect(setCookies).toEqual([]);
    }
    await app.dataSource.query('ALTER TABLE sessions_away RENAME TO auth_sessions');
    await expectUntouched(running);
  });

  it('when the store fails between address and account', async () => {
    class FaultyStore extends MemoryStateStore {
      faulty = false;

      override attemptBegin(...args: Parameters<StateStore['attemptBegin']>): ReturnType<StateStore['attemptBegin']> {
        if (this.faulty && args[0].includes('passwordByAccount')) return Promise.reject(new Error('the store is gone'));
        return super.attemptBegin(...args);
      }
    }
    const store = new FaultyStore(new TestClock());
    const running = await start({
      override: (builder) => builder.overrideProvider(StateStore).useValue(store),
    });
    store.faulty = true;
    for (const { status } of await tryInTurn(running.app, 25, ADA, { password: PASSWORD, from: HERE })) {
      expect(status).toBeGreaterThanOrEqual(500);
    }
    store.faulty = false;
    await expectUntouched(running);
  });
});

describe('a Redis that hangs', () => {
  it.each([
    ['right', PASSWORD],
    ['wrong', WRONG],
  ])('during the check tells no verdict that it could not count: a %s password is 503', async (_, password) => {
    redis = await startRedis();
    const { app, hasher } = await start({ redisUrl: redis.url });
    const release = hasher.hold();
    const asked = tryPassword(app, ADA, { password });
    await until(() => hasher.checked === 1);
    redis.pause();
    release();
    const answer = await asked;
    expect(answer.body).toMatchObject({ statusCode: 503, code: 'STORE_UNAVAILABLE' });
    expect(answer.setCookies).toEqual([]);
    redis.resume();
  });

  it.each(['unknown', 'known'])(
    'while sign-ins come in locks nobody out when it goes on (%s browser)',
    async (kind) => {
      redis = await startRedis();
      const { app } = await start({ redisUrl: redis.url });
      const browser = kind === 'known' ? await knownBrowser(app, ADA) : app.client();
      const signIn = () => tryPassword(app, ADA, { password: PASSWORD, from: HERE, browser });
      redis.pause();
      expect(statuses(await Promise.all(Array.from({ length: 25 }, signIn)))).toEqual(times(25, 503));
      redis.resume();
      const begun = performance.now();
      while ((await signIn()).status !== 200) {
        expect(performance.now() - begun).toBeLessThan(5_000);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(statuses(await tryInTurn(app, 6, ADA))).toEqual([...times(5, 401), 429]);
    },
  );
});
