import { AuthError } from '../errors/auth-error.js';
import type { AttemptBudget, AttemptOutcome, StateStore } from '../store/state-store.js';
import type { BudgetSubject } from './budgets.js';

export interface Reservation {
  readonly subject: BudgetSubject;
  readonly key: string;
  readonly budget: AttemptBudget;
}

/** What a settled reservation came to. */
export interface SettledReservation {
  readonly subject: BudgetSubject;
  readonly lockedForMs: number;
}

/** A reservation that has been made. */
interface HeldReservation extends Reservation {
  readonly window: number | undefined;
}

export interface Refusal {
  readonly reason: 'locked' | 'exhausted';
  readonly retryAfterMs: number;
}

/** The reservations of one attempt: made one by one, settled together and once. */
export class Reservations {
  private held: HeldReservation[] = [];

  constructor(private readonly store: StateStore) {}

  /** Reserves, or says why not. When the store fails, what is held already is given back. */
  async tryReserve(reservation: Reservation): Promise<Refusal | undefined> {
    try {
      const begun = await this.store.attemptBegin(reservation.key, reservation.budget);
      if (!begun.allowed) return begun;
      this.held.push({ ...reservation, window: begun.window });
      return undefined;
    } catch (error) {
      await this.settle('no-verdict');
      throw error;
    }
  }

  /** Reserves, or gives back what is held already and refuses the request. */
  async reserve(reservation: Reservation): Promise<void> {
    const refusal = await this.tryReserve(reservation);
    if (refusal !== undefined) await this.refuse(refusal);
  }

  async refuse({ retryAfterMs }: Refusal): Promise<never> {
    await this.settle('no-verdict');
    throw new AuthError('TOO_MANY_ATTEMPTS', { retryAfterMs });
  }

  /**
   * Settles all that is held; what is settled is held no longer, so a second call does nothing. A store that fails is
   * not reported for `no-verdict`, which only ever follows another error: the reservation then runs out by itself.
   */
  async settle(outcome: AttemptOutcome): Promise<readonly SettledReservation[]> {
    const settling = this.held;
    this.held = [];
    const ends = await Promise.allSettled(
      settling.map(({ key, budget, window }) => this.store.attemptEnd(key, budget, outcome, window)),
    );
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined && outcome !== 'no-verdict') throw failed.reason;
    return settling.map(({ subject }, index) => {
      const end = ends[index];
      return { subject, lockedForMs: end?.status === 'fulfilled' ? end.value.lockedForMs : 0 };
    });
  }
}
