import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { AuthSettings } from '../options/auth-settings.js';
import { MemoryStateStore } from '../store/memory-state-store.js';
import type { AttemptBegin, AttemptEnd, ConsumeResult, RateLimit } from '../store/state-store.js';
import { refuseInProduction } from './refuse-in-production.js';

/** The in-memory store without limits: no request is one too many, no wrong password locks. Refuses to be made in production. */
@Injectable()
export class UnlimitedStateStore extends MemoryStateStore {
  constructor(clock: Clock, settings: AuthSettings) {
    super(clock);
    refuseInProduction(settings, 'UnlimitedStateStore');
  }

  override consume(_key: string, { limit, windowMs }: RateLimit): Promise<ConsumeResult> {
    return Promise.resolve({ allowed: true, remaining: limit, resetMs: windowMs });
  }

  override attemptBegin(): Promise<AttemptBegin> {
    return Promise.resolve({ allowed: true });
  }

  override attemptEnd(): Promise<AttemptEnd> {
    return Promise.resolve({ lockedForMs: 0 });
  }
}
