import type { AttemptOutcome } from '../store/state-store.js';
import type { SettledAttempt } from './password-attempt.js';
import type { Reservations } from './reservations.js';

/** One proof of a signed-in user that is being checked. Made by `ReauthenticationAttempts`. */
export class ReauthenticationAttempt {
  /** @internal */
  constructor(
    private readonly reservations: Reservations,
    private readonly forget: () => Promise<void>,
  ) {}

  /**
   * Ends the attempt: `wrong` when the check failed, `right` when it passed, `no-verdict` when it never finished. The first
   * call counts, later ones do nothing: a `finally` may settle `no-verdict` whatever happened before.
   */
  async settle(outcome: AttemptOutcome): Promise<SettledAttempt> {
    const [settled] = await this.reservations.settle(outcome);
    return { lockedForMs: settled?.lockedForMs ?? 0 };
  }

  /** After the last factor: forgets the failures before. */
  clear(): Promise<void> {
    return this.forget();
  }
}
