import { Injectable } from '@nestjs/common';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import type { ClientInfo } from '../common/client-address.js';
import { Clock } from '../common/clock.js';
import { randomToken, uuidv7 } from '../common/random.js';
import { Database } from '../database/database.js';
import { isUniqueViolation } from '../database/driver-errors.js';
import { AuthSettings } from '../options/auth-settings.js';
import { Account } from '../users/account.entity.js';
import { liveSessions } from './live-sessions.query.js';
import { LoginSession } from './login-session.entity.js';
import { SessionCache } from './session-cache.js';

/** A proof of identity that is handed on: a session that begins with it is no fresher than it. */
export interface ProvenBefore {
  /** RFC 8176 names. */
  readonly methods: readonly string[];
  /** Epoch ms. */
  readonly authenticatedAt: number;
  /** Epoch ms. */
  readonly freshUntil: number;
  /** Public id of the session that hands it on: nothing begins when that has ended. */
  readonly sessionId?: string | undefined;
}

export interface SessionRequest extends Partial<ProvenBefore> {
  readonly userId: string;
  /** The account's epoch that was read before the credential was checked. */
  readonly epoch: number;
  /** RFC 8176 names of the methods that proved the identity. */
  readonly methods: readonly string[];
  readonly rememberMe: boolean;
  /** Begins a family of tokens with these scopes, instead of a cookie session. */
  readonly scopes?: readonly string[] | undefined;
  readonly client: ClientInfo;
}

/** A session that has just been inserted. */
export interface OpenedSession {
  readonly session: LoginSession;
  /** Whether it is the first one of the account ever. */
  readonly isFirst: boolean;
  /** How many of the account's oldest sessions it has put an end to. */
  readonly displaced: number;
}

/** What is written with a session, in its transaction. */
export interface OpeningRecord {
  opened(manager: EntityManager, opened: OpenedSession): Promise<void>;
  /** Nothing began: the account or its epoch has changed, or the session that hands its proof on has ended. */
  lost(manager: EntityManager): Promise<void>;
}

const NO_RECORD: OpeningRecord = { opened: () => Promise.resolve(), lost: () => Promise.resolve() };

/** Begins login sessions. */
@Injectable()
export class SessionOpener {
  constructor(
    private readonly database: Database,
    private readonly cache: SessionCache,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * A new session, or `undefined` when the account was disabled or its epoch has moved on since: a sign-in that is in
   * flight does not outlive a password change; or when the session that hands its proof on has ended. The oldest sessions
   * beyond the cap end in the same transaction.
   */
  async open(request: SessionRequest, record = NO_RECORD): Promise<LoginSession | undefined> {
    const session = this.describe(request);
    const { live, isFirst } = await this.prepare(request.userId);
    const displaces = live >= this.settings.sessions.cap;
    const insert = (commitBefore?: number): Promise<number | undefined> =>
      this.insert({ session, isFirst }, request.sessionId, record, commitBefore);
    const displaced = displaces ? await this.cache.change([request.userId], insert) : await insert();
    if (displaced === undefined) return undefined;
    // Others signed in meanwhile and filled the cap.
    if (!displaces && displaced > 0) await this.cache.forget(request.userId);
    return session;
  }

  /** Sees to the account's row (a user whom the application made has none: epoch 0) and counts the live sessions. */
  private async prepare(userId: string): Promise<{ readonly live: number; readonly isFirst: boolean }> {
    const { account, live } = await this.database.read(async (manager) => ({
      account: await manager.findOneBy(Account, { userId }),
      live: await ownSessions(manager, userId, this.clock.now()).getCount(),
    }));
    if (account === null) await this.insertAccount(userId);
    return { live, isFirst: (account?.sessionSeq ?? 0) === 0 };
  }

  private describe(request: SessionRequest): LoginSession {
    const { userId, epoch, methods, rememberMe, scopes, client } = request;
    const { sessions } = this.settings;
    const { idleMs, absoluteMs } = this.life(scopes !== undefined, rememberMe);
    const now = this.clock.now();
    const authenticatedAt = request.authenticatedAt ?? now;
    return Object.assign(new LoginSession(), {
      id: uuidv7(now),
      sid: randomToken(),
      userId,
      epoch,
      createdAt: now,
      lastSeenAt: now,
      // From the proof, not from its being handed on: no chain of sessions outlives the absolute end.
      expiresAt: authenticatedAt + absoluteMs,
      idleMs,
      authenticatedAt,
      freshUntil: request.freshUntil ?? now + sessions.freshMs,
      methods: [...methods],
      remember: scopes === undefined && rememberMe,
      csrfSeed: randomToken(),
      ip: client.address,
      userAgent: client.userAgent,
      generation: scopes === undefined ? null : 0,
      rotatedAt: null,
      scopes: scopes === undefined ? null : [...scopes],
      impersonatorId: null,
      impersonatorSessionId: null,
      revokedAt: null,
    });
  }

  private life(tokens: boolean, rememberMe: boolean): { readonly idleMs: number; readonly absoluteMs: number } {
    const { sessions, tokens: families } = this.settings;
    if (tokens) return { idleMs: families.refreshIdleMs, absoluteMs: families.refreshAbsoluteMs };
    if (rememberMe) return { idleMs: sessions.rememberIdleMs, absoluteMs: sessions.rememberAbsoluteMs };
    return sessions;
  }

  /** The number of sessions that the cap displaced, or `undefined` when the claim is lost. */
  private insert(
    { session, isFirst }: Omit<OpenedSession, 'displaced'>,
    origin: string | undefined,
    record: OpeningRecord,
    commitBefore?: number,
  ): Promise<number | undefined> {
    return this.database.write(
      async (manager) => {
        if (!(await this.claim(manager, session, origin))) {
          await record.lost(manager);
          return undefined;
        }
        await manager.insert(LoginSession, session);
        const displaced = await this.displace(manager, session);
        await record.opened(manager, { session, isFirst, displaced });
        return displaced;
      },
      commitBefore === undefined ? {} : { commitBefore },
    );
  }

  private async claim(manager: EntityManager, session: LoginSession, origin: string | undefined): Promise<boolean> {
    if (origin !== undefined && !(await isLive(manager, session, origin))) return false;
    const { affected } = await manager
      .createQueryBuilder()
      .update(Account)
      .set({ sessionSeq: () => 'session_seq + 1', failedInRow: 0, failedInRowKnown: 0 })
      .where('userId = :userId AND epoch = :epoch AND disabledAt IS NULL', session)
      .execute();
    return affected === 1;
  }

  private async displace(manager: EntityManager, { userId, createdAt }: LoginSession): Promise<number> {
    const live = await ownSessions(manager, userId, createdAt)
      .select('s.id', 'id')
      .orderBy('s.createdAt', 'DESC')
      .addOrderBy('s.id', 'DESC')
      .getRawMany<{ id: string }>();
    const surplus = live.slice(this.settings.sessions.cap).map(({ id }) => id);
    if (surplus.length > 0) await manager.update(LoginSession, surplus, { revokedAt: createdAt });
    return surplus.length;
  }

  private async insertAccount(userId: string): Promise<void> {
    await this.database
      .write((manager) => manager.insert(Account, { userId, epoch: 0, sessionSeq: 0 }), { insertMayLose: true })
      .catch((error: unknown) => {
        if (!isUniqueViolation(error)) throw error;
      });
  }
}

/** Those that count for the cap: what an administrator began displaces none, and is displaced by none. */
function ownSessions(manager: EntityManager, userId: string, now: number): SelectQueryBuilder<LoginSession> {
  return liveSessions(manager, userId, now).andWhere('s.impersonatorId IS NULL');
}

function isLive(manager: EntityManager, { userId, createdAt }: LoginSession, id: string): Promise<boolean> {
  return liveSessions(manager, userId, createdAt).andWhere('s.id = :id', { id }).getExists();
}
