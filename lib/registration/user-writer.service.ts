import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { canonicalIdentifier } from '../common/email-address.js';
import { Database } from '../database/database.js';
import { isUniqueViolation } from '../database/driver-errors.js';
import { AuthHooks } from '../hooks/auth-hooks.js';
import { hostWork } from '../hooks/host-work.js';
import { HOOK_DEADLINE_MS } from '../hooks/within-deadline.js';
import { AuthSettings } from '../options/auth-settings.js';
import { UserRole } from '../roles/user-role.entity.js';
import { SessionCache } from '../sessions/session-cache.js';
import { Addresses, type AddressOwner } from '../users/addresses.service.js';
import { UserTable, type UserRow } from '../users/user-table.js';

export interface NewUser {
  readonly email: string;
  readonly passwordHash: string | null;
  readonly emailVerified: boolean;
  readonly roles: readonly string[];
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What has become of an address that was to get an account. */
export interface Outcome {
  readonly userId: string;
  /** The account was there already. */
  readonly repeated: boolean;
}

/** First statement of the transaction. `false`: no user is to be made after all. */
export type Claim = (manager: EntityManager) => Promise<boolean>;

/** Statements that belong to the transaction, the same on both ways. */
export type Recorder = (manager: EntityManager, outcome: Outcome) => Promise<void>;

/** Creates users: the application's row, the account and the roles in one transaction. */
@Injectable()
export class UserWriter {
  constructor(
    private readonly database: Database,
    private readonly table: UserTable,
    private readonly addresses: Addresses,
    private readonly hooks: AuthHooks,
    private readonly cache: SessionCache,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /** The id of the new user, or `undefined` when the address is taken or the claim is lost: nothing is written then. */
  async create(user: NewUser, record: Recorder, claim?: Claim): Promise<string | undefined> {
    const created = await this.insertUnlessTaken(user, record, claim);
    return typeof created === 'string' ? created : undefined;
  }

  /**
   * The same for anybody who asks. A new and a taken address run one look-up, the same number of statements in one
   * transaction, and the same commands of the state store: on the taken one they match nothing but, where nobody has
   * proven the address yet, the one that contests it.
   */
  async register(user: NewUser, record: Recorder): Promise<void> {
    const contested: Recorder = async (manager, outcome) => {
      await this.addresses.contest(manager, outcome.repeated ? outcome.userId : undefined);
      await record(manager, outcome);
    };
    const taken = await this.insertUnlessTaken(user, contested);
    if (typeof taken === 'object') await this.touchNothing(taken, user.roles.length, contested);
  }

  private async insertUnlessTaken(
    user: NewUser,
    record: Recorder,
    claim?: Claim,
  ): Promise<string | AddressOwner | undefined> {
    const emailCanonical = canonicalIdentifier(user.email);
    const owner = await this.addresses.ownerOf(emailCanonical);
    if (owner !== undefined) return owner;
    try {
      return await this.insert(user, emailCanonical, record, claim);
    } catch (error) {
      const faster = isUniqueViolation(error) ? await this.addresses.ownerOf(emailCanonical) : undefined;
      // Another unique index than that of the address: an id that a sequence hands out twice, say.
      if (faster === undefined) throw error;
      return faster;
    }
  }

  private async insert(
    { email, passwordHash, emailVerified, roles, fields }: NewUser,
    emailCanonical: string,
    record: Recorder,
    claim?: Claim,
  ): Promise<string | undefined> {
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
    const work = async (manager: EntityManager): Promise<string | undefined> => {
      if (claim !== undefined && !(await claim(manager))) return undefined;
      const user = await this.table.insert(manager, row);
      const userId = this.table.idOf(user);
      for (const role of roles) await insertRole(manager, { userId, role, assignedAt: now });
      await record(manager, { userId, repeated: false });
      await hostWork('AuthHooks.onRegister', () => this.hooks.onRegister(user, manager), hookMs);
      return userId;
    };
    const created = await this.cache.change([''], (commitBefore) =>
      this.database.write(work, { commitBefore, insertMayLose: true }),
    );
    if (created !== undefined) await this.forgetSessions(created);
    return created;
  }

  private async touchNothing(
    { userId, emailVerified, hasAccount }: AddressOwner,
    roles: number,
    record: Recorder,
  ): Promise<void> {
    const work = async (manager: EntityManager): Promise<void> => {
      await this.table.insertNothing(manager, emailVerified || hasAccount ? undefined : userId);
      for (let role = 0; role < roles; role += 1) await manager.delete(UserRole, { userId: '' });
      await record(manager, { userId, repeated: true });
    };
    // Whoever has proven the address keeps what is cached of the sessions: strangers cannot touch it.
    const ends = !emailVerified && this.settings.emailVerification !== 'off';
    const changed = ends ? userId : '';
    await this.cache.change([changed], (commitBefore) => this.database.write(work, { commitBefore }));
    await this.forgetSessions('');
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
