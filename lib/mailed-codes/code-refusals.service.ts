import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { HOUR_MS } from '../common/duration.js';
import { AuthError } from '../errors/auth-error.js';
import { StateStore } from '../store/state-store.js';
import type { CodeReference } from './mailed-code.js';

/**
 * Which refusals of a challenge are events: the first of each, in the hour after it was begun. So whoever keeps challenges
 * and presents them over and over fills no table: beginning one is limited, and writes a row itself.
 */
@Injectable()
export class CodeRefusals {
  constructor(
    private readonly store: StateStore,
    private readonly clock: Clock,
  ) {}

  /** Whether that was thrown for a challenge that is over or foreign, and is to be recorded. Throws `STORE_UNAVAILABLE`. */
  async isEvent(error: unknown, { id, issuedAt }: CodeReference): Promise<boolean> {
    if (!(error instanceof AuthError) || error.code !== 'CHALLENGE_EXPIRED') return false;
    if (this.clock.now() - issuedAt >= HOUR_MS) return false;
    const { allowed } = await this.store.consume(`gh:rate:refused-challenge:${id}`, { limit: 1, windowMs: HOUR_MS });
    return allowed;
  }
}
