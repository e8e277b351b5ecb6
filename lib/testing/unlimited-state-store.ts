import { MemoryStateStore } from '../store/memory-state-store.js';
import type { AttemptBegin, AttemptEnd, ConsumeResult, RateLimit } from '../store/state-store.js';

/** The in-memory store without limits: no request is one too many, no wrong password locks. */
export class UnlimitedStateStore extends MemoryStateStore {
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
