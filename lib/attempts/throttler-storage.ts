import { Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { SECOND_MS } from '../common/duration.js';
import { StateStore } from '../store/state-store.js';

type ThrottlerRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** The windows of `@nestjs/throttler` in our store: one atomic operation a hit, on every node. */
@Injectable()
export class StateStoreThrottlerStorage implements ThrottlerStorage {
  constructor(private readonly store: StateStore) {}

  /** `ttl` is in milliseconds; what is returned is in whole seconds. A refused hit neither counts nor blocks longer. */
  async increment(key: string, ttl: number, limit: number): Promise<ThrottlerRecord> {
    const { allowed, remaining, resetMs } = await this.store.consume(`gh:rate:${key}`, { limit, windowMs: ttl });
    const seconds = Math.ceil(resetMs / SECOND_MS);
    return {
      totalHits: allowed ? limit - remaining : limit + 1,
      timeToExpire: seconds,
      isBlocked: !allowed,
      timeToBlockExpire: allowed ? 0 : seconds,
    };
  }
}
