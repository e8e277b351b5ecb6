import { Injectable } from '@nestjs/common';
import { StateStore } from '../store/state-store.js';
import { ATTEMPT_BUDGETS } from './budgets.js';
import { ReauthenticationAttempt } from './reauthentication-attempt.js';
import { Reservations } from './reservations.js';

/**
 * Counts wrong proofs of people who are signed in, wherever one is asked for: one budget for each account. Its lock stops
 * nothing else, so that somebody at a session of another cannot end the owner's way to sign in.
 */
@Injectable()
export class ReauthenticationAttempts {
  constructor(private readonly store: StateStore) {}

  /**
   * Reserves one attempt. Throws `TOO_MANY_ATTEMPTS` (429) while the account is locked or as many as the budget are being
   * checked.
   *
   * @example
   * const attempt = await attempts.begin(userId);
   * try {
   *   const right = await verify(password);
   *   await attempt.settle(right ? 'right' : 'wrong');
   * } finally {
   *   await attempt.settle('no-verdict');
   * }
   */
  async begin(userId: string): Promise<ReauthenticationAttempt> {
    const key = `gh:attempt:reauthenticationByAccount:u:${userId}`;
    const reservations = new Reservations(this.store);
    await reservations.reserve({ subject: 'account', key, budget: ATTEMPT_BUDGETS.reauthenticationByAccount });
    return new ReauthenticationAttempt(reservations, () => this.store.clear(key));
  }
}
