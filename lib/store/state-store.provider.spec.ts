import { createServer, type AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Clock } from '../common/clock.js';
import { beginInspection } from '../common/inspection.js';
import { StartUpError } from '../errors/start-up-error.js';
import type { AuthSettings, RedisSettings } from '../options/auth-settings.js';
import { MemoryStateStore } from './memory-state-store.js';
import { createStateStore } from './state-store.provider.js';
import { UnreachableStateStore } from './unreachable-state-store.js';

class Still extends Clock {
  override now(): number {
    return 1_800_000_000_000;
  }
}

const said: string[] = [];
let end = (): void => undefined;

beforeEach(() => {
  said.length = 0;
  vi.spyOn(Logger.prototype, 'log').mockImplementation((line: unknown) => void said.push(String(line)));
});
afterEach(() => {
  end();
  end = () => undefined;
  vi.restoreAllMocks();
});

const create = (redis?: Partial<RedisSettings>) =>
  createStateStore(
    {
      redis: redis && {
        url: undefined,
        cluster: undefined,
        cache: undefined,
        commandTimeoutMs: 300,
        connectTimeoutMs: 300,
        ...redis,
      },
    } as AuthSettings,
    new Still(),
  );

/** An address at which nobody listens. */
async function nowhere(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `redis://127.0.0.1:${port}`;
}

it('is the memory of the process where no Redis is named, and says so', async () => {
  const store = await create();
  expect(store).toBeInstanceOf(MemoryStateStore);
  expect(said).toEqual([expect.stringMatching(/kept in the memory.*redis\.url or redis\.cluster/)]);
  await store.close();
});

it('refuses a start without the Redis that is named', async () => {
  await expect(create({ url: await nowhere() })).rejects.toThrow(StartUpError);
  expect(said).toEqual([]);
});

it('goes on without it under inspection, and keeps what is wrong', async () => {
  end = beginInspection({ onlyOptions: false });
  const store = await create({ url: await nowhere() });
  expect(store).toBeInstanceOf(UnreachableStateStore);
  expect((store as UnreachableStateStore).problems).not.toEqual([]);
  await expect(store.get('key')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

it('connects to nobody where options alone are judged', async () => {
  end = beginInspection({ onlyOptions: true });
  const store = await create({ url: await nowhere() });
  expect(store).toBeInstanceOf(UnreachableStateStore);
  expect((store as UnreachableStateStore).problems).toEqual([]);
});

it('hides no error of another kind from an inspection', async () => {
  end = beginInspection({ onlyOptions: false });
  const cache = { store: null } as unknown as RedisSettings['cache'];
  await expect(create({ cache })).rejects.not.toThrow(StartUpError);
});
