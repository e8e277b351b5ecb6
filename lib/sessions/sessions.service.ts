import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ClientInfo } from '../common/client-address.js';
import { Clock } from '../common/clock.js';
import { isRowId } from '../common/row-id.js';
import { Database } from '../database/database.js';
import { AuthError } from '../errors/auth-error.js';
import type { EventInput } from '../events/auth-event.js';
import { EventRecorder } from '../events/event-recorder.js';
import { Outbox, type NewLetter } from '../mail/outbox.js';
import { OneTimeTokens } from '../one-time-tokens/one-time-tokens.service.js';
import { raiseEpoch } from '../users/account-epoch.js';
import { accountIsGood, epochJustEnded } from '../users/account-is-good.js';
import { deviceName } from './device-name.js';
import { ImpersonatedSessions } from './impersonated-sessions.service.js';
import { liveSessions } from './live-sessions.query.js';
import { LoginSession } from './login-session.entity.js';
import { SessionCache } from './session-cache.js';

/** One line of `GET /sessions`. Times are ISO 8601 once serialised. */
export interface SessionView {
  /** Public id: signs nobody in. */
  readonly id: string;
  readonly current: boolean;
  readonly createdAt: Date;
  /** Exact to a minute. */
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly ip: string;
  readonly userAgent: string;
  readonly device: string;
  readonly methods: readonly string[];
  /** An administrator acts as the user in it. Where from is not told. */
  readonly impersonated?: true;
}

export interface SessionPage {
  readonly items: readonly SessionView[];
  readonly nextCursor: string | null;
}

export interface SessionListOptions {
  /** Marks the caller's own session. */
  readonly currentId?: string | undefined;
  /** At most 100. Default 50. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** Who ends sessions, for the audit trail. What is left out is not known; without any of it the application does. */
export interface EndedBy {
  /** The user who does it. */
  readonly actorId?: string;
  /** The administrator who does it while acting as `actorId`. */
  readonly impersonatorId?: string | undefined;
  /** Public id of the session in which it is done. */
  readonly sessionId?: string;
  readonly client?: ClientInfo;
}

/** @internal What is written with the end of a session, in its transaction: one event, and mail where the owner is told. */
export interface SessionEnd extends Pick<EventInput, 'type' | 'outcome' | 'actorId' | 'client' | 'details'> {
  /** Asked for when there is a session to end, before it is. */
  readonly letter?: () => Promise<NewLetter | undefined>;
  /** The browser goes on with another session of the same user: a change of address that it has asked for stays. */
  readonly goesOn?: boolean;
  /** The browser goes on without whoever acted as the user in it: so does the session that an administrator came from. */
  readonly leaves?: boolean;
}

type Parameters = Readonly<Record<string, string>>;

/**
 * The login sessions of users. Whatever is revoked here is refused on the very next request, on every node. When the
 * state store is down a revocation is committed all the same and answered `STORE_UNAVAILABLE` (503). With a session ends
 * the link for a change of address: a stranger who asked for it is not to outlive being signed out.
 */
@Injectable()
export class Sessions {
  constructor(
    private readonly database: Database,
    private readonly cache: SessionCache,
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
    private readonly tokens: OneTimeTokens,
    private readonly impersonated: ImpersonatedSessions,
    private readonly clock: Clock,
  ) {}

  /** Live sessions of a user, newest first. */
  async list(userId: string, { currentId, limit = 50, cursor }: SessionListOptions = {}): Promise<SessionPage> {
    const size = Math.min(Math.max(limit, 1), 100);
    const sessions = await this.database.read((manager) => {
      const query = liveSessions(manager, userId, this.clock.now())
        .orderBy('s.id', 'DESC')
        .take(size + 1);
      if (cursor !== undefined) query.andWhere('s.id < :cursor', { cursor });
      return query.getMany();
    });
    const items = sessions.slice(0, size).map((session) => view(session, currentId));
    return { items, nextCursor: sessions.length > size ? (items.at(-1)?.id ?? null) : null };
  }

  /** Ends one session of the user. Throws `NOT_FOUND` (404), also for a session of somebody else. */
  async revoke(userId: string, id: string, by: EndedBy = {}): Promise<void> {
    if (!isRowId(id)) throw new AuthError('NOT_FOUND');
    const event: EventInput = { ...by, type: 'session.revoked', subjectId: userId, details: { ended: id } };
    const revoked = await this.end(userId, async (manager) => {
      const ended = await this.revokeLive(manager, userId, 'id = :id', { id }, by);
      if (ended === 0) return 0;
      await this.tokens.end(manager, userId, 'change-email');
      await this.events.record(manager, event);
      return ended;
    });
    if (revoked === 0) throw new AuthError('NOT_FOUND');
  }

  /**
   * Ends the session with this sid. Whether it was this call that ended it, and so wrote what is to be written; one that
   * has ended costs one look-up.
   *
   * @internal
   */
  async revokeBySid(userId: string, sid: string, end: SessionEnd): Promise<boolean> {
    const { letter, goesOn = false, leaves = false, ...event } = end;
    const session = await this.database.read((manager) =>
      liveSessions(manager, userId, this.clock.now()).andWhere('s.sid = :sid', { sid }).getOne(),
    );
    if (session === null) return false;
    const { id } = session;
    if (session.impersonatorId !== null) return this.impersonated.end(session, { ...event, leaves });
    const notice = await letter?.();
    const ended = await this.end(userId, async (manager) => {
      const count = await this.revokeLive(manager, userId, 'id = :id', { id });
      if (count === 0) return 0;
      if (!goesOn) await this.tokens.end(manager, userId, 'change-email');
      await this.events.record(manager, { ...event, subjectId: userId, sessionId: id });
      if (notice !== undefined) await this.outbox.add(manager, notice);
      return count;
    });
    return ended > 0;
  }

  /** Ends every session of the user but the one to keep, and answers how many. */
  revokeOthers(userId: string, keepId: string, by: EndedBy = {}): Promise<number> {
    return this.end(userId, async (manager) => {
      const revoked = await this.revokeLive(manager, userId, 'id <> :keepId', { keepId }, by);
      // Also when none is left: that of the stranger may have run out.
      await this.tokens.end(manager, userId, 'change-email');
      await this.recordAll(manager, userId, { revoked, kept: keepId }, by);
      return revoked;
    });
  }

  /** Ends every session of the user, those being signed in at this moment and every mailed link too: the epoch rises. */
  revokeAll(userId: string, by: EndedBy = {}): Promise<number> {
    return this.end(userId, async (manager) => {
      await raiseEpoch(manager, userId);
      const revoked = await this.revokeWhere(manager, userId, epochJustEnded(manager, LoginSession), {}, by);
      await this.recordAll(manager, userId, { revoked }, by);
      return revoked;
    });
  }

  private async recordAll(
    manager: EntityManager,
    userId: string,
    details: { readonly revoked: number; readonly kept?: string },
    by: EndedBy,
  ): Promise<void> {
    if (details.revoked === 0) return;
    await this.events.record(manager, { ...by, type: 'session.all_revoked', subjectId: userId, details });
  }

  private end(userId: string, statement: (manager: EntityManager) => Promise<number>): Promise<number> {
    return this.cache.change([userId], (commitBefore) => this.database.write(statement, { commitBefore }), {
      takesAway: true,
    });
  }

  /** Those that a change of the epoch has ended are neither ended again nor counted. */
  private revokeLive(
    manager: EntityManager,
    userId: string,
    condition: string,
    parameters: Parameters,
    by?: EndedBy,
  ): Promise<number> {
    const good = `${condition} AND ${accountIsGood(manager, LoginSession)}`;
    return this.revokeWhere(manager, userId, good, parameters, by);
  }

  /** Said by whom, each session in which somebody acts as the user is claimed by itself, since it has an event of its own. */
  private async revokeWhere(
    manager: EntityManager,
    userId: string,
    condition: string,
    parameters: Parameters,
    by?: EndedBy,
  ): Promise<number> {
    const acted = by === undefined ? [] : await this.impersonated.notRevokedOf(manager, userId);
    let revoked = 0;
    for (const session of acted) {
      const named = { ...parameters, acted: session.id };
      const claimed = await this.revokeRows(manager, userId, `${condition} AND id = :acted`, named);
      if (claimed > 0) await this.impersonated.recordRevoked(manager, session, by?.client);
      revoked += claimed;
    }
    return revoked + (await this.revokeRows(manager, userId, condition, parameters));
  }

  private async revokeRows(
    manager: EntityManager,
    userId: string,
    condition: string,
    parameters: Parameters,
  ): Promise<number> {
    const now = this.clock.now();
    const { affected } = await manager
      .createQueryBuilder()
      .update(LoginSession)
      .set({ revokedAt: now })
      .where('userId = :userId AND revokedAt IS NULL', { userId })
      .andWhere('expiresAt > :now AND lastSeenAt > :now - idleMs', { now })
      .andWhere(condition, parameters)
      .execute();
    return affected ?? 0;
  }
}

/** Where an administrator sits is no business of the user's. */
const IMPERSONATED = { ip: '', userAgent: '', device: 'Administrator', impersonated: true } as const;

function view(session: LoginSession, currentId: string | undefined): SessionView {
  return {
    id: session.id,
    current: session.id === currentId,
    createdAt: new Date(session.createdAt),
    lastSeenAt: new Date(session.lastSeenAt),
    expiresAt: new Date(session.expiresAt),
    ip: session.ip,
    userAgent: session.userAgent,
    device: deviceName(session.userAgent),
    methods: session.methods,
    ...(session.impersonatorId === null ? {} : IMPERSONATED),
  };
}
