import { Logger } from '@nestjs/common';
import type { Clock } from '../common/clock.js';
import type { AuthSettings } from '../options/auth-settings.js';
import { createRedisStateStore } from './connect-redis.js';
import { MemoryStateStore } from './memory-state-store.js';
import type { StateStore } from './state-store.js';

/** The store that the settings ask for: Redis when `redis` is given, else the memory of this process. */
export async function createStateStore(settings: AuthSettings, clock: Clock): Promise<StateStore> {
  if (settings.redis !== undefined) return createRedisStateStore(settings.redis, clock);
  new Logger('StateStore').log(
    'Attempt counters, locks, rate limits, challenges and cached sessions are kept in the memory of this process: ' +
      'a restart forgets them and a second process does not see them. Set redis.url or redis.cluster to share them.',
  );
  return new MemoryStateStore(clock);
}
