import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuthError, type FieldProblem } from '../errors/auth-error.js';
import { AuthSettings } from '../options/auth-settings.js';
import { OwnColumns } from '../users/own-columns.service.js';
import { UserTable } from '../users/user-table.js';
import { BreachLookUp } from './breach-look-up.service.js';
import type { HashingOptions } from './hashing-queue.js';
import { PasswordHistory } from './password-history.service.js';
import { PasswordPolicy, type PasswordContext } from './password-policy.js';
import { passwordProblem } from './password-problem.js';
import { isHashable } from './password-text.js';
import { Passwords } from './passwords.service.js';

/** Whose password it becomes. */
export interface NewPasswordContext extends PasswordContext {
  /** Of an account that is there already: its names, and the passwords that it has and had, are compared too. */
  readonly userId?: string;
}

/** Passwords that an account is about to get: the same rules at registration, reset, change, set and administration. */
@Injectable()
export class NewPasswords {
  constructor(
    private readonly policy: PasswordPolicy,
    private readonly passwords: Passwords,
    private readonly history: PasswordHistory,
    private readonly breaches: BreachLookUp,
    private readonly table: UserTable,
    private readonly columns: OwnColumns,
    private readonly settings: AuthSettings,
  ) {}

  /**
   * Every rule that the password breaks: those of {@link PasswordPolicy}, `history` and `breached`. Empty: it may be
   * taken. Nobody outside is asked about a password that is refused already. Throws `BUSY` (503).
   */
  async problems(
    password: string,
    context: NewPasswordContext = {},
    options: HashingOptions = {},
  ): Promise<readonly FieldProblem[]> {
    const { userId, values = [] } = context;
    const words = userId === undefined ? [] : await this.columns.wordsOf(userId);
    const problems = this.policy.problems(password, { ...context, values: [...values, ...words] });
    if (!isHashable(password)) return problems;
    if (userId !== undefined && (await this.history.has(userId, password, options))) {
      problems.push(passwordProblem(this.settings, 'history', 'Use a password that this account has not had lately.'));
    }
    if (problems.length === 0 && (await this.breaches.has(password))) {
      const message = 'This password is in a list of breached passwords, which guessers try first.';
      problems.push({ field: 'password', rule: 'breached', message });
    }
    return problems;
  }

  /** The hash to store. Throws `PASSWORD_REJECTED` (400) with every rule it breaks, and `BUSY` (503). */
  async prepare(password: string, context: NewPasswordContext, options: HashingOptions = {}): Promise<string> {
    const problems = await this.problems(password, context, options);
    if (problems.length > 0) throw new AuthError('PASSWORD_REJECTED', { details: [...problems] });
    return this.passwords.hash(password, options);
  }

  /** Inside `Database.write`: stores the hash of a new password, and the one before in the history. */
  async store(manager: EntityManager, userId: string, hash: string): Promise<void> {
    await this.history.keepCurrent(manager, userId);
    await this.table.setPasswordHash(manager, userId, hash);
  }
}
