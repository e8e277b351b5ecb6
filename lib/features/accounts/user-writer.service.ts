import { Injectable, type Type } from '@nestjs/common';
import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { canonicalIdentifier } from '../../common/email-address.js';
import { uuidv7 } from '../../common/random.js';
import { Database } from '../../database/database.js';
import { isUniqueViolation } from '../../database/driver-errors.js';
import { AuthHooks } from '../../hooks/auth-hooks.js';
import { hostWork } from '../../hooks/host-work.js';
import { HOOK_DEADLINE_MS } from '../../hooks/within-deadline.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { UserRole } from '../../roles/user-role.entity.js';
import { Account } from '../../users/account.entity.js';
import type { AuthUser } from '../../users/auth-user.entity.js';
import { UserDirectory } from '../../users/user-directory.js';

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
    private readonly users: UserDirectory,
    private readonly hooks: AuthHooks,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * The id of the new user, or `undefined` when the address is taken. Both ways run one look-up and the same statements
   * in one transaction: on the taken one they match nothing.
   */
  async create(user: NewUser): Promise<string | undefined> {
    const emailCanonical = canonicalIdentifier(user.email);
    const taken = await this.database.read((manager) => manager.existsBy(this.users.entity, { emailCanonical }));
    if (taken) return this.touchNothing(user.roles.length);
    try {
      return await this.insert(user, emailCanonical);
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      return this.touchNothing(user.roles.length);
    }
  }

  private async insert(user: NewUser, emailCanonical: string): Promise<string> {
    const now = this.clock.now();
    const entity = Object.assign(new this.users.entity(), {
      ...this.settings.registration.newUserDefaults,
      ...user.fields,
      id: uuidv7(now),
      email: user.email,
      emailCanonical,
      emailVerifiedAt: user.emailVerified ? now : null,
      passwordHash: user.passwordHash,
      createdAt: now,
    }) as AuthUser;
    const hookMs = Math.min(HOOK_DEADLINE_MS, this.settings.database.timeoutMs);
    await this.database.write(
      async (manager) => {
        await insert(manager, this.users.entity, entity);
        await insert(manager, Account, { userId: entity.id });
        for (const role of user.roles) await insert(manager, UserRole, { userId: entity.id, role, assignedAt: now });
        await hostWork('AuthHooks.onRegister', () => this.hooks.onRegister(entity, manager), hookMs);
      },
      { insertMayLose: true },
    );
    return entity.id;
  }

  private async touchNothing(roles: number): Promise<undefined> {
    const id = '';
    await this.database.write(async (manager: EntityManager) => {
      await manager.update(this.users.entity, { id }, { email: '' });
      await manager.update(Account, { userId: id }, { epoch: 0 });
      for (let role = 0; role < roles; role += 1) await manager.delete(UserRole, { userId: id });
    });
    return undefined;
  }
}

/** One statement in every database: reading generated values back would be one more than the taken address costs. */
async function insert<Entity extends object>(
  manager: EntityManager,
  target: Type<Entity>,
  row: QueryDeepPartialEntity<Entity>,
): Promise<void> {
  await manager.createQueryBuilder().insert().into(target).values(row).updateEntity(false).execute();
}
