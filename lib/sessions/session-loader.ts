import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { MINUTE_MS } from '../common/duration.js';
import { inTime } from '../common/in-time.js';
import { Database } from '../database/database.js';
import { UserRole } from '../roles/user-role.entity.js';
import { Account } from '../users/account.entity.js';
import type { UserKey } from '../users/user-id-column.js';
import { UserTable } from '../users/user-table.js';
import { Impersonators } from './impersonators.service.js';
import { isWithinLife, type LiveSession } from './live-session.js';
import { LoginSession } from './login-session.entity.js';

interface Row {
  readonly id: string;
  readonly userId: string;
  readonly epoch: number;
  readonly createdAt: string | number;
  readonly lastSeenAt: string | number;
  readonly idleMs: string | number;
  readonly expiresAt: string | number;
  readonly authenticatedAt: string | number;
  readonly freshUntil: string | number;
  readonly methods: string;
  readonly remember: boolean | number;
  readonly csrfSeed: string;
  readonly scopes: string | null;
  readonly revokedAt: string | number | null;
  readonly accountEpoch: number | null;
  readonly disabledAt: string | number | null;
  readonly emailVerifiedAt: unknown;
  readonly foundId: string;
  readonly role: string | null;
  readonly impersonatorId: string | null;
  readonly impersonatorSessionId: string | null;
}

const SESSION_COLUMNS = [
  'id',
  'userId',
  'epoch',
  'createdAt',
  'lastSeenAt',
  'idleMs',
  'expiresAt',
  'authenticatedAt',
  'freshUntil',
  'methods',
  'remember',
  'csrfSeed',
  'scopes',
  'impersonatorId',
  'impersonatorSessionId',
  'revokedAt',
] as const;

/** How long a session may go unseen before a request writes `lastSeenAt` again. */
export const TOUCH_EVERY_MS = MINUTE_MS;
/** Longer than this nobody waits for it: somebody holds the row. */
const TOUCH_WITHIN_MS = 300;

/**
 * Reads a session as the database knows it: with its account, its roles and the user's row, in one query. Where an
 * administrator acts as the user a second one asks whether he still may.
 */
@Injectable()
export class SessionLoader {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly users: UserTable,
    private readonly impersonators: Impersonators,
  ) {}

  /** The live session, or `undefined`: unknown, revoked, over, of another epoch, of a disabled or deleted user. */
  async load(userId: string, sid: string, touch = true): Promise<LiveSession | undefined> {
    const key = this.users.keyOf(userId);
    if (key === undefined) return undefined;
    const session = await this.database.read(async (manager) => {
      const rows = await this.rows(manager, userId, key, sid);
      const found = this.judge(rows, sid);
      return found === undefined || (await this.mayGoOn(manager, found, rows[0]!)) ? found : undefined;
    });
    return session === undefined || !touch ? session : this.touch(session);
  }

  private rows(manager: EntityManager, userId: string, key: UserKey, sid: string): Promise<Row[]> {
    const query = manager.createQueryBuilder().from(LoginSession, 's');
    for (const column of SESSION_COLUMNS) query.addSelect(`s.${column}`, column);
    return query
      .addSelect('a.epoch', 'accountEpoch')
      .addSelect('a.disabledAt', 'disabledAt')
      .addSelect(this.users.path('emailVerifiedAt'), 'emailVerifiedAt')
      .addSelect(this.users.idText, 'foundId')
      .addSelect('r.role', 'role')
      .innerJoin(this.users.entity, 'u', `${this.users.path('id')} = :key`, { key })
      .leftJoin(Account, 'a', 'a.userId = s.userId')
      .leftJoin(UserRole, 'r', 'r.userId = s.userId')
      .where('s.sid = :sid AND s.userId = :userId', { sid, userId })
      .orderBy('r.role')
      .getRawMany<Row>();
  }

  private judge(rows: readonly Row[], sid: string): LiveSession | undefined {
    const [row] = rows;
    if (row === undefined || row.revokedAt !== null || row.disabledAt !== null) return undefined;
    // The collation of the application's table may take other ids for this one.
    if (row.foundId !== row.userId) return undefined;
    if (Number(row.epoch) !== Number(row.accountEpoch ?? 0)) return undefined;
    const session: LiveSession = {
      id: row.id,
      sid,
      userId: row.userId,
      createdAt: Number(row.createdAt),
      lastSeenAt: Number(row.lastSeenAt),
      idleMs: Number(row.idleMs),
      expiresAt: Number(row.expiresAt),
      authenticatedAt: Number(row.authenticatedAt),
      freshUntil: Number(row.freshUntil),
      methods: JSON.parse(row.methods) as string[],
      remember: Boolean(row.remember),
      csrfSeed: row.csrfSeed,
      scopes: row.scopes === null ? null : (JSON.parse(row.scopes) as string[]),
      roles: rows.flatMap(({ role }) => (role === null ? [] : [role])),
      impersonatorId: row.impersonatorId,
      emailVerified: this.users.columns.hasCome('emailVerifiedAt', row.emailVerifiedAt),
    };
    return isWithinLife(session, this.clock.now()) ? session : undefined;
  }

  private async mayGoOn(manager: EntityManager, { roles }: LiveSession, row: Row): Promise<boolean> {
    const { impersonatorId, impersonatorSessionId } = row;
    if (impersonatorId === null) return true;
    return this.impersonators.mayGoOn(manager, { impersonatorId, impersonatorSessionId, roles });
  }

  /** Conditional, so that a slow request revives nothing; given up, not failed, when the database is busy. */
  private async touch(session: LiveSession): Promise<LiveSession> {
    const now = this.clock.now();
    if (now - session.lastSeenAt <= TOUCH_EVERY_MS) return session;
    const written = this.write(session, now).catch(() => false);
    const touched = await inTime(written, TOUCH_WITHIN_MS, () => false);
    return touched ? { ...session, lastSeenAt: now } : session;
  }

  private async write({ id, idleMs }: LiveSession, now: number): Promise<boolean> {
    const { affected } = await this.database.read((manager) =>
      manager
        .createQueryBuilder()
        .update(LoginSession)
        .set({ lastSeenAt: now })
        .where('id = :id AND revokedAt IS NULL', { id })
        .andWhere('lastSeenAt < :due AND lastSeenAt > :idle', { due: now - TOUCH_EVERY_MS, idle: now - idleMs })
        .execute(),
    );
    return affected === 1;
  }
}
