import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { METHODS } from '../../common/authentication-methods.js';
import { Database } from '../../database/database.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { SecondFactors } from '../../second-factors/second-factors.service.js';
import type { LoginSession } from '../../sessions/login-session.entity.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { SessionRenewal } from '../../sessions/session-renewal.js';
import type { CompletedSignIn } from '../../sign-in/sign-in.service.js';
import { UserDirectory } from '../../users/user-directory.js';
import type { Arrival } from './arrival.js';
import { Identities } from './identities.service.js';
import type { FlowOwner, OAuthFlow } from './oauth-flow.js';
import type { Exchanged } from './exchanged.js';
import { ProviderFailure } from './provider-failure.js';

/**
 * A signed-in user who proves the identity once more at the provider: the session goes on under a new id, fresh. Only for
 * an account of whom sign-in asks nothing more.
 */
@Injectable()
export class OAuthReauthentication {
  constructor(
    private readonly identities: Identities,
    private readonly factors: SecondFactors,
    private readonly users: UserDirectory,
    private readonly renewal: SessionRenewal,
    private readonly cache: SessionCache,
    private readonly database: Database,
    private readonly events: EventRecorder,
  ) {}

  /** Whether sign-in asks the account for a second factor, which nothing less replaces. */
  async isTooWeakFor(userId: string): Promise<boolean> {
    return (await this.factors.dueOf(userId)).length > 0;
  }

  /** Throws a `ProviderFailure`. */
  async renew(flow: OAuthFlow, owner: FlowOwner, found: Exchanged, arrival: Arrival): Promise<CompletedSignIn> {
    const { userId } = owner;
    const known = await this.identities.find(found.identity);
    if (known?.userId !== userId) throw new ProviderFailure('other-account');
    if (await this.isTooWeakFor(userId)) throw new ProviderFailure('too-weak');
    const session = await this.cache.change([userId], (commitBefore) =>
      this.database.write((manager) => this.renewIn(manager, flow, owner, arrival), { commitBefore }),
    );
    const user = session && (await this.users.publicUser(userId));
    if (session === undefined || user === undefined) throw new ProviderFailure('session');
    await this.identities.noteUse(known.id, flow.provider, found);
    return { user, session };
  }

  private async renewIn(
    manager: EntityManager,
    { provider }: OAuthFlow,
    { userId, sessionId }: FlowOwner,
    { client }: Arrival,
  ): Promise<LoginSession | undefined> {
    const session = await this.renewal.renew(manager, { userId, sessionId, method: METHODS.federation });
    if (session === undefined) return undefined;
    const about = { actorId: userId, subjectId: userId, sessionId: session.id, client };
    const details = { proof: METHODS.federation, provider, before: sessionId };
    await this.events.record(manager, { type: 'reauthentication.succeeded', ...about, details });
    return session;
  }
}
