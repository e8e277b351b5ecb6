import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ClientInfo } from '../../common/client-address.js';
import { Clock } from '../../common/clock.js';
import type { Principal } from '../../common/principal.js';
import { isRowId } from '../../common/row-id.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import { FactorChanges, type RenewedSession } from '../../second-factors/factor-changes.service.js';
import { lockSession } from '../../sessions/lock-session.js';
import { Credentials } from '../../users/credentials.service.js';
import type { Arrival } from './arrival.js';
import { Identities } from './identities.service.js';
import { IdentityAccounts, Outpaced, outpacing } from './identity-accounts.service.js';
import { Identity } from './identity.entity.js';
import type { FlowOwner, OAuthFlow } from './oauth-flow.js';
import type { Exchanged } from './exchanged.js';
import { ProviderFailure } from './provider-failure.js';

/** Identities of one account. */
const MOST = 20;

type Verdict = 'free' | 'own' | 'already-linked' | 'limit';

/** Links of a signed-in owner: made by a flow that the session has begun, and taken away again. */
@Injectable()
export class IdentityLinks {
  constructor(
    private readonly identities: Identities,
    private readonly accounts: IdentityAccounts,
    private readonly changes: FactorChanges,
    private readonly credentials: Credentials,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Idempotent. A session of this browser goes on under a new id, and is answered; all others end. Of tokens nothing
   * changes: the browser that comes back could not hand them out. Throws a `ProviderFailure`.
   */
  async link(
    flow: OAuthFlow,
    owner: FlowOwner,
    found: Exchanged,
    arrival: Arrival,
  ): Promise<RenewedSession | undefined> {
    const attempt = (): Promise<RenewedSession | undefined> =>
      outpacing(() =>
        owner.inCookie ? this.renewing(flow, owner, found, arrival) : this.keeping(flow, owner, found, arrival),
      );
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Outpaced)) throw error;
      return attempt();
    }
  }

  /** Throws `NOT_FOUND` (404), `LAST_SIGN_IN_METHOD` (409), `NOT_AUTHENTICATED` (401). */
  async unlink(who: Principal, id: string, client: ClientInfo, locale: string): Promise<RenewedSession> {
    const [identity] = (await this.identities.list(who.userId)).filter((each) => each.id === id);
    if (!isRowId(id) || identity === undefined) throw new AuthError('NOT_FOUND');
    let isLast = false;
    const outcome = await this.changes.apply({
      who,
      client,
      locale,
      event: 'identity.unlinked',
      details: { provider: identity.provider },
      notice: 'identity-unlinked',
      concerns: 'identity',
      work: async (manager) => {
        // The account's row is locked: of two that would take the last two ways in, one comes second.
        isLast = (await this.credentials.countSignInMethods(manager, who.userId)) <= 1;
        return !isLast && (await manager.delete(Identity, { id, userId: who.userId })).affected === 1;
      },
    });
    if (outcome === 'ended') throw new AuthError('NOT_AUTHENTICATED');
    if (outcome === 'lost') throw new AuthError(isLast ? 'LAST_SIGN_IN_METHOD' : 'NOT_FOUND');
    return outcome;
  }

  private async renewing(
    { provider }: OAuthFlow,
    who: FlowOwner,
    found: Exchanged,
    { client, locale }: Arrival,
  ): Promise<RenewedSession | undefined> {
    let verdict: Verdict = 'free';
    const outcome = await this.changes.apply({
      who,
      client,
      locale,
      event: 'identity.linked',
      details: { provider, by: 'owner' },
      notice: 'identity-linked',
      concerns: 'identity',
      work: async (manager) => {
        verdict = await this.judge(manager, who.userId, found);
        if (verdict === 'free') await this.identities.insert(manager, who.userId, provider, found);
        return verdict === 'free';
      },
    });
    if (outcome === 'ended') throw new ProviderFailure('session');
    if (outcome !== 'lost') return outcome;
    refuse(verdict);
    return undefined;
  }

  private async keeping(
    { provider }: OAuthFlow,
    { userId, sessionId }: FlowOwner,
    found: Exchanged,
    { client, locale }: Arrival,
  ): Promise<undefined> {
    const verdict = await this.database.write(async (manager): Promise<Verdict | 'session'> => {
      // A session is of one epoch of its account: whatever has raised it since has ended the session.
      if (!(await lockSession(manager, { userId, sessionId }, this.clock.now()))) return 'session';
      const judged = await this.judge(manager, userId, found);
      if (judged !== 'free') return judged;
      await this.identities.insert(manager, userId, provider, found);
      await this.accounts.recordLink(manager, { userId, sessionId, provider, client, locale, by: 'owner' });
      return judged;
    });
    refuse(verdict);
  }

  /** With the account's row locked. */
  private async judge(manager: EntityManager, userId: string, found: Exchanged): Promise<Verdict> {
    const linkedTo = await this.identities.ownerIn(manager, found.identity);
    if (linkedTo !== undefined) return linkedTo === userId ? 'own' : 'already-linked';
    return (await manager.countBy(Identity, { userId })) >= MOST ? 'limit' : 'free';
  }
}

function refuse(verdict: Verdict | 'session'): void {
  if (verdict !== 'free' && verdict !== 'own') throw new ProviderFailure(verdict);
}
