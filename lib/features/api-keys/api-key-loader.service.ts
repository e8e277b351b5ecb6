import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { MINUTE_MS } from '../../common/duration.js';
import { inTime } from '../../common/in-time.js';
import { Database } from '../../database/database.js';
import { UserRole } from '../../roles/user-role.entity.js';
import { SecondFactors } from '../../second-factors/second-factors.service.js';
import { Account } from '../../users/account.entity.js';
import { UserTable } from '../../users/user-table.js';
import { ApiKey } from './api-key.entity.js';
import type { KnownKey } from './known-keys.js';

/** Everything a request needs to know of a key, its owner and the owner's roles. Cached for up to 60 s. */
export interface LiveApiKey {
  readonly scopes: readonly string[] | null;
  readonly roles: readonly string[];
  readonly emailVerified: boolean;
  /** Whether the owner has the second factor that the option `secondFactor` asks, or is asked for none. */
  readonly enrolled: boolean;
  readonly createdAt: number;
  readonly expiresAt: number;
}

interface Row {
  readonly scopes: string | null;
  readonly createdAt: string | number;
  readonly expiresAt: string | number;
  readonly endsAt: string | number;
  readonly pausedAt: string | number | null;
  readonly lastUsedAt: string | number | null;
  readonly disabledAt: string | number | null;
  readonly emailVerifiedAt: unknown;
  readonly foundId: string;
  readonly role: string | null;
}

const COLUMNS = ['scopes', 'createdAt', 'expiresAt', 'endsAt', 'pausedAt', 'lastUsedAt'] as const;

/** How long a key may be used before a request writes so again. */
const TOUCH_EVERY_MS = MINUTE_MS;
/** Longer than this nobody waits for it: somebody holds the row. */
const TOUCH_WITHIN_MS = 300;

/** Reads keys as the database knows them. */
@Injectable()
export class ApiKeyLoader {
  constructor(
    private readonly database: Database,
    private readonly users: UserTable,
    private readonly factors: SecondFactors,
    private readonly clock: Clock,
  ) {}

  /** Whose key it is, revoked or not; `undefined` when there is none. */
  async identify(id: string): Promise<KnownKey | undefined> {
    const row = await this.database.read((manager) =>
      manager.findOne(ApiKey, { select: { id: true, userId: true, hash: true }, where: { id } }),
    );
    return row === null ? undefined : { id: row.id, userId: row.userId, hash: row.hash };
  }

  /**
   * The key with its owner, in one query, and one more for each kind of second factor where one is asked; `undefined` when it is revoked, over or paused, or its owner disabled or gone.
   * `usedFrom` is the address of a request with it; without one it is looked at, and not used.
   */
  async load({ id, userId }: KnownKey, usedFrom?: string): Promise<LiveApiKey | undefined> {
    const now = this.clock.now();
    const rows = await this.rows(id, userId);
    const [row] = rows;
    // The collation of the application's table may take other ids for this one.
    if (row === undefined || row.foundId !== userId) return undefined;
    if (row.disabledAt !== null || row.pausedAt !== null || Number(row.endsAt) <= now) return undefined;
    const isDue = row.lastUsedAt === null || now - Number(row.lastUsedAt) > TOUCH_EVERY_MS;
    if (isDue && usedFrom !== undefined) await this.touch(id, usedFrom, now);
    const roles = rows.flatMap(({ role }) => (role === null ? [] : [role]));
    return {
      scopes: row.scopes === null ? null : (JSON.parse(row.scopes) as string[]),
      roles,
      emailVerified: this.users.columns.hasCome('emailVerifiedAt', row.emailVerifiedAt),
      enrolled: !this.factors.isRequiredOf(roles) || (await this.factors.usableBy(userId)).length > 0,
      createdAt: Number(row.createdAt),
      expiresAt: Number(row.expiresAt),
    };
  }

  private async rows(id: string, userId: string): Promise<Row[]> {
    const key = this.users.keyOf(userId);
    if (key === undefined) return [];
    return this.database.read((manager) => {
      const query = manager.createQueryBuilder().from(ApiKey, 'k');
      for (const column of COLUMNS) query.addSelect(`k.${column}`, column);
      return query
        .addSelect('a.disabledAt', 'disabledAt')
        .addSelect(this.users.path('emailVerifiedAt'), 'emailVerifiedAt')
        .addSelect(this.users.idText, 'foundId')
        .addSelect('r.role', 'role')
        .innerJoin(this.users.entity, 'u', `${this.users.path('id')} = :key`, { key })
        .leftJoin(Account, 'a', 'a.userId = k.userId')
        .leftJoin(UserRole, 'r', 'r.userId = k.userId')
        .where('k.id = :id AND k.userId = :userId', { id, userId })
        .orderBy('r.role')
        .getRawMany<Row>();
    });
  }

  /** Conditional, so that of many requests one writes; given up, not failed, when the database is busy. */
  private async touch(id: string, usedFrom: string, now: number): Promise<void> {
    const written = this.database.read((manager) =>
      manager
        .createQueryBuilder()
        .update(ApiKey)
        .set({ lastUsedAt: now, lastUsedIp: usedFrom })
        .where('id = :id AND endsAt > :now', { id, now })
        .andWhere('(lastUsedAt IS NULL OR lastUsedAt < :due)', { due: now - TOUCH_EVERY_MS })
        .execute(),
    );
    const settled = written.catch(() => undefined);
    await inTime(settled, TOUCH_WITHIN_MS, () => undefined);
  }
}
