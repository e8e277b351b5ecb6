import { Logger } from '@nestjs/common';
import type { Clock } from '../common/clock.js';
import { currentInspection } from '../common/inspection.js';
import { StartUpError } from '../errors/start-up-error.js';
import type { AuthSettings, RedisSettings } from '../options/auth-settings.js';
import { createRedisStateStore } from './connect-redis.js';
import { MemoryStateStore } from './memory-state-store.js';
import type { StateStore } from './state-store.js';
import { UnreachableStateStore } from './unreachable-state-store.js';

/** The store that the settings ask for: Redis when `redis` is given, else the memory of this process. */
export async function createStateStore(settings: AuthSettings, clock: Clock): Promise<StateStore> {
  if (settings.redis !== undefined) return connect(settings.redis, clock);
  new Logger('StateStore').log(
    'Attempt counters, locks, rate limits, challenges and cached sessions are kept in the memory of this process: ' +
      'a restart forgets them and a second process does not see them. Set redis.url or redis.cluster to share them.',
  );
  return new MemoryStateStore(clock);
}

/** A start without Redis is refused. An inspection goes on: it says so, and everything else that it finds. */
async function connect(redis: RedisSettings, clock: Clock): Promise<StateStore> {
  const inspection = currentInspection();
  if (inspection?.onlyOptions === true) return new UnreachableStateStore([]);
  try {
    return await createRedisStateStore(redis, clock);
  } catch (error) {
    if (inspection === undefined || !(error instanceof StartUpError)) throw error;
    return new UnreachableStateStore(error.problems);
  }
}
