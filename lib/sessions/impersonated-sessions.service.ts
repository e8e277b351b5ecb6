import { Injectable } from '@nestjs/common';
import { IsNull, MoreThan, Not, type EntityManager, type UpdateResult } from 'typeorm';
import type { ClientInfo } from '../common/client-address.js';
import { Clock } from '../common/clock.js';
import { randomToken, uuidv7 } from '../common/random.js';
import { Database } from '../database/database.js';
import type { EventInput } from '../events/auth-event.js';
import { EventRecorder } from '../events/event-recorder.js';
import { AuthSettings } from '../options/auth-settings.js';
import { ensureAccount } from '../users/account-epoch.js';
import { Account } from '../users/account.entity.js';
import { lockSession } from './lock-session.js';
import { LoginSession } from './login-session.entity.js';
import { SessionCache } from './session-cache.js';

export interface ImpersonationRequest {
  /** Whoever acts, and the session in which that begins: it does not outlive it. */
  readonly administrator: { readonly userId: string; readonly sessionId: string };
  readonly userId: string;
  /** The account's epoch that was read before anything was checked. */
  readonly epoch: number;
  readonly ttlMs: number;
  /** For tokens. `null`: a cookie session. */
  readonly scopes: readonly string[] | null;
  readonly client: ClientInfo;
}

/** What is written with it, in its transaction. */
export interface ImpersonationRecord {
  begun(manager: EntityManager, session: LoginSession): Promise<void>;
  lost(manager: EntityManager, lost: LostImpersonation): Promise<void>;
}

/** `session`: that of the administrator has ended. `account`: the user's is disabled, or has just changed. */
export type LostImpersonation = 'session' | 'account';

/** How such a session ends, for the audit trail. */
export interface ImpersonationEnd extends Pick<EventInput, 'client' | 'details'> {
  /** The browser goes on without the administrator: the session that he came from ends as well. Default `false`. */
  readonly leaves?: boolean;
}

type SessionName = { readonly userId: string } & ({ readonly sid: string } | { readonly id: string });

type Ended = Pick<LoginSession, 'id' | 'userId' | 'impersonatorId' | 'impersonatorSessionId' | 'scopes'>;

/** Sessions in which an administrator acts as somebody else. */
@Injectable()
export class ImpersonatedSessions {
  constructor(
    private readonly database: Database,
    private readonly cache: SessionCache,
    private readonly events: EventRecorder,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * A session that is never fresh, has proven nothing of the user's and cannot be renewed. One that began in the same session
   * of the administrator before ends: of any number at once one is left.
   */
  async begin(
    request: ImpersonationRequest,
    record: ImpersonationRecord,
  ): Promise<LoginSession | { readonly lost: LostImpersonation }> {
    const now = this.clock.now();
    const { administrator } = request;
    const { outcome, replaced } = await this.database.write(async (manager) => {
      const lost = await this.claim(manager, request, now);
      if (lost !== undefined) {
        await record.lost(manager, lost);
        return { outcome: { lost }, replaced: [] };
      }
      const own = await manager.findOneByOrFail(LoginSession, { id: administrator.sessionId });
      const before = await manager.findBy(LoginSession, { impersonatorSessionId: own.id });
      const ended = before.filter(({ revokedAt, expiresAt }) => revokedAt === null && expiresAt > now);
      const end = { client: request.client, details: { reason: 'replaced' } };
      for (const session of ended) await this.revoke(manager, session, end);
      const session = this.describe(request, own, now);
      await manager.insert(LoginSession, session);
      await record.begun(manager, session);
      return { outcome: session, replaced: ended };
    });
    // Nothing of them is cached; open sockets of theirs are told.
    await Promise.all(replaced.map(({ userId }) => this.cache.forget(userId)));
    return outcome;
  }

  /** Whether it was this call that ended it. */
  end(session: Ended, { leaves = false, ...event }: ImpersonationEnd): Promise<boolean> {
    const { userId, impersonatorId, scopes } = session;
    // Tokens went to somebody who has kept his own session by other means.
    const both = leaves && scopes === null && impersonatorId !== null;
    return this.cache.change(
      both ? [userId, impersonatorId] : [userId],
      (commitBefore) =>
        this.database.write(
          async (manager) => {
            // In the order in which `begin` takes the rows.
            if (both) await this.endOrigin(manager, session, event);
            return this.revoke(manager, session, event);
          },
          { commitBefore },
        ),
      { takesAway: true },
    );
  }

  /** Inside a transaction: those in which somebody acts as the user, some of which may have ended by another's end. */
  notRevokedOf(manager: EntityManager, userId: string): Promise<LoginSession[]> {
    const expiresAt = MoreThan(this.clock.now());
    const where = { userId, revokedAt: IsNull(), expiresAt, impersonatorId: Not(IsNull()) };
    return manager.find(LoginSession, { where, order: { id: 'ASC' } });
  }

  /** Inside the transaction that has revoked it. Whoever did stands in the event beside. */
  recordRevoked(manager: EntityManager, session: Ended, client: ClientInfo | undefined): Promise<void> {
    return this.recordEnd(manager, session, { client, details: { reason: 'revoked' } });
  }

  /**
   * The session to which an administrator returns asks for a proof again before anything that wants a fresh one: who sits
   * at the browser by now is not known.
   */
  async endFreshness({ userId, id }: Pick<LoginSession, 'userId' | 'id'>): Promise<void> {
    const now = this.clock.now();
    await this.cache.change([userId], (commitBefore) =>
      this.database.write(
        (manager) => manager.update(LoginSession, { id, freshUntil: MoreThan(now) }, { freshUntil: now }),
        { commitBefore },
      ),
    );
  }

  /** Such a session, live or over; `undefined` for one that is none. */
  async find(of: SessionName): Promise<LoginSession | undefined> {
    const session = await this.database.read((manager) => manager.findOneBy(LoginSession, { ...of }));
    return session === null || session.impersonatorId === null ? undefined : session;
  }

  /** Locks both accounts, the administrator's first: nobody who is acted as acts as somebody else. */
  private async claim(
    manager: EntityManager,
    { administrator, userId, epoch }: ImpersonationRequest,
    now: number,
  ): Promise<LostImpersonation | undefined> {
    if (!(await lockSession(manager, administrator, now))) return 'session';
    await ensureAccount(manager, userId);
    const { affected } = await manager
      .createQueryBuilder()
      .update(Account)
      // Nothing changes, the count of failed passwords least of all: what counts is that the row is taken, and found.
      .set({ epoch: () => 'epoch' })
      .where('userId = :userId AND epoch = :epoch AND disabledAt IS NULL', { userId, epoch })
      .execute();
    return affected === 1 ? undefined : 'account';
  }

  private async revoke(manager: EntityManager, session: Ended, event: ImpersonationEnd): Promise<boolean> {
    const { affected } = await this.revokeRow(manager, session.id);
    if (affected !== 1) return false;
    await this.recordEnd(manager, session, event);
    return true;
  }

  private async recordEnd(
    manager: EntityManager,
    { id, userId, impersonatorId }: Ended,
    { client, details = {} }: ImpersonationEnd,
  ): Promise<void> {
    const who = { actorId: userId, impersonatorId, subjectId: userId, sessionId: id };
    await this.events.record(manager, { ...who, type: 'impersonation.ended', client, details });
  }

  private async endOrigin(manager: EntityManager, session: Ended, { client }: ImpersonationEnd): Promise<void> {
    const { impersonatorId: userId, impersonatorSessionId: id } = session;
    if (id === null) return;
    const { affected } = await this.revokeRow(manager, id);
    if (affected !== 1) return;
    const who = { actorId: userId, subjectId: userId, sessionId: id };
    await this.events.record(manager, { ...who, type: 'session.ended', client, details: { reason: 'replaced' } });
  }

  private revokeRow(manager: EntityManager, id: string): Promise<UpdateResult> {
    const now = this.clock.now();
    return manager
      .createQueryBuilder()
      .update(LoginSession)
      .set({ revokedAt: now })
      .where('id = :id AND revokedAt IS NULL', { id })
      .andWhere('expiresAt > :now AND lastSeenAt > :now - idleMs', { now })
      .execute();
  }

  private describe(request: ImpersonationRequest, own: LoginSession, now: number): LoginSession {
    const { administrator, userId, epoch, ttlMs, scopes, client } = request;
    return Object.assign(new LoginSession(), {
      id: uuidv7(now),
      sid: randomToken(),
      userId,
      epoch,
      createdAt: now,
      lastSeenAt: now,
      expiresAt: Math.min(now + ttlMs, own.expiresAt),
      idleMs: this.settings.sessions.idleMs,
      authenticatedAt: own.authenticatedAt,
      freshUntil: own.authenticatedAt,
      impersonatorId: administrator.userId,
      impersonatorSessionId: own.id,
      methods: [],
      remember: false,
      csrfSeed: randomToken(),
      ip: client.address,
      userAgent: client.userAgent,
      generation: null,
      rotatedAt: null,
      scopes: scopes === null ? null : [...scopes],
      revokedAt: null,
    });
  }
}
