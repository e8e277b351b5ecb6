import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuthError, type FieldProblem } from '../errors/auth-error.js';
import { UserTable } from '../users/user-table.js';
import type { HashingOptions } from './hashing-queue.js';
import { PasswordPolicy, type PasswordContext } from './password-policy.js';
import { Passwords } from './passwords.service.js';

/** Whose password it becomes. */
export interface NewPasswordContext extends PasswordContext {
  /** Of an account that is there already: its earlier passwords are compared. */
  readonly userId?: string;
}

/** Passwords that an account is about to get: the same rules at registration, reset, change, set and administration. */
@Injectable()
export class NewPasswords {
  constructor(
    private readonly policy: PasswordPolicy,
    private readonly passwords: Passwords,
    private readonly table: UserTable,
  ) {}

  /** Every rule that the password breaks. Empty: it may be taken. */
  problems(password: string, context: NewPasswordContext = {}): Promise<readonly FieldProblem[]> {
    return Promise.resolve(this.policy.problems(password, context));
  }

  /** The hash to store. Throws `PASSWORD_REJECTED` (400) with every rule it breaks, and `BUSY` (503). */
  async prepare(password: string, context: NewPasswordContext, options: HashingOptions = {}): Promise<string> {
    const problems = await this.problems(password, context);
    if (problems.length > 0) throw new AuthError('PASSWORD_REJECTED', { details: [...problems] });
    return this.passwords.hash(password, options);
  }

  /** Inside `Database.write`: stores the hash of a new password. */
  async store(manager: EntityManager, userId: string, hash: string): Promise<void> {
    await this.table.setPasswordHash(manager, userId, hash);
  }
}
