import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { canonicalIdentifier } from '../../common/email-address.js';
import { Database } from '../../database/database.js';
import { isUniqueViolation } from '../../database/driver-errors.js';
import { AuthHooks } from '../../hooks/auth-hooks.js';
import { hostWork } from '../../hooks/host-work.js';
import { HOOK_DEADLINE_MS } from '../../hooks/within-deadline.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { UserRole } from '../../roles/user-role.entity.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { UserTable, type UserRow } from '../../users/user-table.js';

export interface NewUser {
  readonly email: string;
  readonly passwordHash: string | null;
  readonly emailVerified: boolean;
  readonly roles: readonly string[];
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Creates users: the application's row, the account and the roles in one transaction. */
@Injectable()
export class UserWriter {
  constructor(
    private readonly database: Database,
    private readonly table: UserTable,
    private readonly hooks: AuthHooks,
    private readonly cache: SessionCache,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * The id of the new user, or `undefined` when the address is taken. Both ways run one look-up and the same statements
   * in one transaction, and the same command of the state store after it: on the taken one they match nothing.
   */
  async create(user: NewUser): Promise<string | undefined> {
    const emailCanonical = canonicalIdentifier(user.email);
    if (await this.isTaken(emailCanonical)) return this.touchNothing(user.roles.length);
    try {
      return await this.insert(user, emailCanonical);
    } catch (error) {
      // Another unique index than that of the address: an id that a sequence hands out twice, say.
      if (!isUniqueViolation(error) || !(await this.isTaken(emailCanonical))) throw error;
      return this.touchNothing(user.roles.length);
    }
  }

  private isTaken(emailCanonical: string): Promise<boolean> {
    return this.database.read((manager) => this.table.isTaken(manager, emailCanonical));
  }

  private async insert(
    { email, passwordHash, emailVerified, roles, fields }: NewUser,
    emailCanonical: string,
  ): Promise<string> {
    const now = this.clock.now();
    const row: UserRow = {
      email,
      emailCanonical,
      passwordHash,
      emailVerifiedAt: emailVerified ? now : null,
      createdAt: now,
      values: { ...this.settings.registration.newUserDefaults, ...fields },
    };
    const hookMs = Math.min(HOOK_DEADLINE_MS, this.settings.database.timeoutMs);
    const created = await this.database.write(
      async (manager) => {
        const user = await this.table.insert(manager, row);
        const userId = this.table.idOf(user);
        for (const role of roles) await insertRole(manager, { userId, role, assignedAt: now });
        await hostWork('AuthHooks.onRegister', () => this.hooks.onRegister(user, manager), hookMs);
        return userId;
      },
      { insertMayLose: true },
    );
    await this.forgetSessions(created);
    return created;
  }

  private async touchNothing(roles: number): Promise<undefined> {
    await this.database.write(async (manager) => {
      await this.table.insertNothing(manager);
      for (let role = 0; role < roles; role += 1) await manager.delete(UserRole, { userId: '' });
    });
    await this.forgetSessions('');
    return undefined;
  }

  /** The last owner of a number that came back may have sessions that are remembered as live. */
  private async forgetSessions(userId: string): Promise<void> {
    if (this.table.columns.id.mayReturn) await this.cache.forget(userId);
  }
}

/** One statement in every database: reading defaults back would be one more than the taken address costs. */
async function insertRole(manager: EntityManager, role: UserRole): Promise<void> {
  await manager.createQueryBuilder().insert().into(UserRole).values(role).updateEntity(false).execute();
}
