import { Injectable } from '@nestjs/common';
import { ATTEMPT_BUDGETS } from '../attempts/budgets.js';
import { Reservations } from '../attempts/reservations.js';
import { AuthError } from '../errors/auth-error.js';
import { StateStore } from '../store/state-store.js';
import { CodePlaces, type CodeHolder } from './code-places.service.js';
import { CODE_LIFE_MS, type CodeReference } from './mailed-code.js';

/** What has become of challenges: how often they were tried, and whether they have been used. */
@Injectable()
export class CodeUses {
  constructor(
    private readonly store: StateStore,
    private readonly places: CodePlaces,
  ) {}

  /**
   * Reserves one of the five tries of a challenge, before its code is compared. Throws `CHALLENGE_EXPIRED` (401) for one
   * that is used up, by the right code or by wrong ones, and `TOO_MANY_ATTEMPTS` (429) while others fill its tries.
   */
  async begin({ id }: CodeReference): Promise<Reservations> {
    await this.refuseUsed({ id });
    const tries = new Reservations(this.store);
    const budget = ATTEMPT_BUDGETS.codeByChallenge;
    const refusal = await tries.tryReserve({ subject: 'challenge', key: `gh:attempt:codeByChallenge:${id}`, budget });
    if (refusal?.reason === 'locked') throw new AuthError('CHALLENGE_EXPIRED');
    if (refusal !== undefined) await tries.refuse(refusal);
    return tries;
  }

  /**
   * Before a code is called wrong: one that was used while its tries were being counted has lost its place with it. Throws
   * `CHALLENGE_EXPIRED` (401).
   */
  async refuseUsed({ id }: Pick<CodeReference, 'id'>): Promise<void> {
    if ((await this.store.get(usedKey(id))) !== null) throw new AuthError('CHALLENGE_EXPIRED');
  }

  /**
   * After the right code and before anything comes of it: of any number of callers at once one goes on, the others get
   * `CHALLENGE_EXPIRED` (401).
   */
  async use(reference: CodeReference, holder: Omit<CodeHolder, 'knownBrowser'>): Promise<void> {
    const isFirst = await this.store.setIfAbsent(usedKey(reference.id), '1', CODE_LIFE_MS);
    if (!isFirst) throw new AuthError('CHALLENGE_EXPIRED');
    await this.places.leave(holder, reference);
  }
}

function usedKey(id: string): string {
  return `gh:code:used:${id}`;
}
