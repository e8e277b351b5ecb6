import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ClientInfo } from '../common/client-address.js';
import { Clock } from '../common/clock.js';
import type { Principal } from '../common/principal.js';
import { Database } from '../database/database.js';
import type { EventDetails } from '../events/auth-event.js';
import type { AuthEventType } from '../events/event-catalogue.js';
import { AuthError } from '../errors/auth-error.js';
import { EventRecorder } from '../events/event-recorder.js';
import { Outbox } from '../mail/outbox.js';
import type { FactorChangeName } from '../options/mail-options.js';
import { clientFacts } from '../sessions/client-facts.js';
import { liveSessions } from '../sessions/live-sessions.query.js';
import type { LoginSession } from '../sessions/login-session.entity.js';
import { SessionCache } from '../sessions/session-cache.js';
import { SessionRenewal } from '../sessions/session-renewal.js';
import { lockAccount, raiseEpoch } from '../users/account-epoch.js';
import { UserDirectory, type PublicUser } from '../users/user-directory.js';
import { SecondFactors } from './second-factors.service.js';

export interface FactorChange {
  readonly who: Pick<Principal, 'userId' | 'sessionId'>;
  readonly client: ClientInfo;
  /** Of the notice. */
  readonly locale: string;
  readonly event: AuthEventType;
  readonly details?: EventDetails;
  /** What the notice tells the owner. */
  readonly notice: FactorChangeName;
  /** `identity`: an account of another provider, which is no second factor. Default `factor`. */
  readonly concerns?: 'factor' | 'identity';
  /** What the change itself has proven: it joins the methods of the session and makes it fresh. */
  readonly method?: string;
  /** Only statements, the conditional one first. `false`: the claim is lost, and nothing else is written. */
  readonly work: (manager: EntityManager) => Promise<boolean>;
}

/** The owner's session goes on under a new id. */
export interface RenewedSession {
  readonly user: PublicUser;
  readonly session: LoginSession;
}

/**
 * Adds, replaces or removes what an account signs in with: every other session ends (ASVS 5.0 V7.4.3), the one at work goes
 * on under a new id, the audit trail and the owner are told, all of it in one transaction.
 */
@Injectable()
export class FactorChanges {
  constructor(
    private readonly cache: SessionCache,
    private readonly database: Database,
    private readonly renewal: SessionRenewal,
    private readonly users: UserDirectory,
    private readonly factors: SecondFactors,
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Throws `SECOND_FACTOR_REQUIRED` (403) for a session that has proven less than the account can, before it begins. */
  async requireProof({ userId, methods }: Pick<Principal, 'userId' | 'methods'>): Promise<void> {
    const refusal = (await this.factors.demandOn(userId))(methods);
    if (refusal !== undefined) throw refusal;
  }

  /**
   * `'lost'`: `work` said so. `'ended'`: the session is over, or the account is. Throws `SECOND_FACTOR_REQUIRED` (403) for a
   * session that has proven less than the account can.
   */
  async apply(change: FactorChange): Promise<RenewedSession | 'lost' | 'ended'> {
    const { userId } = change.who;
    const demand = change.concerns === 'identity' ? () => undefined : await this.factors.demandOn(userId);
    const session = await this.cache.change([userId], (commitBefore) =>
      this.database.write((manager) => this.write(manager, change, demand), { commitBefore }),
    );
    if (session instanceof AuthError) throw session;
    if (typeof session === 'string') return session;
    const user = await this.users.publicUser(userId);
    return user === undefined ? 'ended' : { user, session };
  }

  private async write(
    manager: EntityManager,
    change: FactorChange,
    demand: (methods: readonly string[]) => AuthError | undefined,
  ): Promise<LoginSession | AuthError | 'lost' | 'ended'> {
    const { who, client, locale, event: type, details = {}, notice, method, work } = change;
    const { userId, sessionId } = who;
    if (!(await lockAccount(manager, userId))) return 'ended';
    const live = liveSessions(manager, userId, this.clock.now()).andWhere('s.id = :sessionId', { sessionId });
    const before = await live.getOne();
    if (before === null) return 'ended';
    const refusal = demand(before.methods);
    if (refusal !== undefined) return refusal;
    if (!(await work(manager))) return 'lost';
    const proven = method === undefined ? {} : { method };
    const session = await this.renewal.renew(manager, { userId, sessionId, ...proven }, () =>
      raiseEpoch(manager, userId),
    );
    // It was revoked in this very moment. What stands is whole all the same, and no session outlives it.
    if (session === undefined) await raiseEpoch(manager, userId);
    const about = { actorId: userId, subjectId: userId, sessionId: session?.id ?? sessionId, client };
    await this.events.record(manager, { type, ...about, details });
    const data = { change: notice, ...clientFacts(client) };
    await this.outbox.add(manager, { kind: 'second-factor-changed', userId, locale, data });
    return session ?? 'ended';
  }
}
