import { Injectable } from '@nestjs/common';
import { ATTEMPT_BUDGETS } from '../attempts/budgets.js';
import { Reservations, type Reservation } from '../attempts/reservations.js';
import { SECOND_MS } from '../common/duration.js';
import { AuthError } from '../errors/auth-error.js';
import { Database } from '../database/database.js';
import { EventRecorder } from '../events/event-recorder.js';
import { Outbox } from '../mail/outbox.js';
import { clientFacts } from '../sessions/client-facts.js';
import { StateStore } from '../store/state-store.js';
import type { FoundSignIn } from './pending-sign-in.js';
import type { FactorVerdict, PresentedFactor, SecondFactor } from './second-factor.js';

/** The kinds that are short enough to be found by guesses that stay below what a quarter of an hour allows. */
const GUESSABLE: readonly string[] = ['code'];

/**
 * Checks second factors and counts the wrong ones, wherever one is presented: each kind has budgets of its own for each
 * account, so that a locked authenticator keeps nobody from a recovery code or a passkey, and for each browser that the
 * account knows, so that whoever has the password locks out none of these.
 */
@Injectable()
export class FactorAttempts {
  constructor(
    private readonly store: StateStore,
    private readonly database: Database,
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
  ) {}

  /** Throws `TOO_MANY_ATTEMPTS` (429) while the factor is locked, or as many as its budgets hold are being checked. */
  async check(factor: SecondFactor, presented: PresentedFactor): Promise<FactorVerdict> {
    const attempt = new Reservations(this.store);
    const budgets = budgetsOf(factor, presented);
    for (const budget of budgets) await attempt.reserve(budget);
    try {
      const verdict = await factor.check(presented);
      const settled = await attempt.settle('refusal' in verdict ? 'wrong' : 'right');
      // Where one wrong proof fills several, the longest lock is the one that is felt.
      const lockedForMs = Math.max(...settled.map((budget) => budget.lockedForMs));
      if (lockedForMs > 0) await this.noteLock(factor, presented, lockedForMs);
      if ('method' in verdict) await Promise.all(budgets.map(({ key }) => this.store.clear(key)));
      return verdict;
    } finally {
      await attempt.settle('no-verdict');
    }
  }

  /** Reserves one of the tries of a pending sign-in. Throws `CHALLENGE_EXPIRED` (401) for one that wrong ones have burned. */
  async begin({ id }: FoundSignIn): Promise<Reservations> {
    const tries = new Reservations(this.store);
    const budget = ATTEMPT_BUDGETS.secondFactorByChallenge;
    const key = `gh:attempt:secondFactorByChallenge:${id}`;
    const refusal = await tries.tryReserve({ subject: 'challenge', key, budget });
    if (refusal?.reason === 'locked') throw new AuthError('CHALLENGE_EXPIRED');
    if (refusal !== undefined) await tries.refuse(refusal);
    return tries;
  }

  /**
   * Checks what is to confirm a factor that is being set up: as many wrong ones, in a budget of its own, whose lock is told
   * to nobody. `undefined` is a wrong one.
   */
  async checkNew<T>(kind: string, userId: string, check: () => T | undefined): Promise<T | undefined> {
    const attempt = new Reservations(this.store);
    const key = `gh:attempt:secondFactorByAccount:new-${kind}:u:${userId}`;
    await attempt.reserve({ subject: 'account', key, budget: ATTEMPT_BUDGETS.secondFactorByAccount });
    try {
      const right = check();
      await attempt.settle(right === undefined ? 'wrong' : 'right');
      if (right !== undefined) await this.store.clear(key);
      return right;
    } finally {
      await attempt.settle('no-verdict');
    }
  }

  private async noteLock({ kind }: SecondFactor, presented: PresentedFactor, lockedForMs: number): Promise<void> {
    const { userId, client, locale } = presented;
    const details = { factor: kind, lockedForSeconds: lockedForMs / SECOND_MS };
    const data = { change: 'locked', ...clientFacts(client) };
    await this.database.write(async (manager) => {
      await this.events.record(manager, {
        type: 'second_factor.locked',
        outcome: 'failure',
        subjectId: userId,
        client,
        details,
      });
      await this.outbox.add(manager, { kind: 'second-factor-changed', userId, locale, data });
    });
  }
}

function budgetsOf({ kind }: SecondFactor, { userId, knownDevice }: PresentedFactor): readonly Reservation[] {
  const whose = knownDevice === undefined ? `u:${userId}` : `d:${knownDevice}:${userId}`;
  const daily = GUESSABLE.includes(kind) ? (['secondFactorByAccountDaily'] as const) : [];
  // The longer lock first: where both are on, its end is what `Retry-After` has to say.
  return ([...daily, 'secondFactorByAccount'] as const).map((name) => ({
    subject: knownDevice === undefined ? 'account' : 'device',
    key: `gh:attempt:${name}:${kind}:${whose}`,
    budget: ATTEMPT_BUDGETS[name],
  }));
}
