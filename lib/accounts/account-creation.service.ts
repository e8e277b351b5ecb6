import { Injectable } from '@nestjs/common';
import { isEmailAddress } from '../common/email-address.js';
import { textValues } from '../common/text-values.js';
import { Database } from '../database/database.js';
import { AuthError } from '../errors/auth-error.js';
import { EventRecorder } from '../events/event-recorder.js';
import { Outbox } from '../mail/outbox.js';
import { AuthSettings } from '../options/auth-settings.js';
import { roleProblem } from '../options/list-fields.js';
import { NewPasswords } from '../passwords/new-passwords.service.js';
import { UserWriter, type Claim, type NewUser } from '../registration/user-writer.service.js';
import { ADMINISTRATOR } from '../roles/administrator.js';
import { UserRole } from '../roles/user-role.entity.js';
import { ColumnLimits } from '../users/column-limits.js';
import { UserDirectory, type PublicUser } from '../users/user-directory.js';
import type { ActedBy } from './acted-by.js';
import { AdministratorRule } from './administrator-rule.service.js';

export interface CreateAccount {
  readonly email: string;
  /** Under the same policy as a registration. Default: none, the account cannot sign in with a password. */
  readonly password?: string;
  /** Default `false`. */
  readonly emailVerified?: boolean;
  /** Mails the link that proves the address, unless it is proven or `emailVerification` is `'off'`. Default `false`. */
  readonly sendVerification?: boolean;
  /** Mails the link by which the owner sets a password, and which proves the address. Default `false`. */
  readonly sendPasswordLink?: boolean;
  /** Default: `roles.default`. */
  readonly roles?: readonly string[];
  /** Values of the application's own columns. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Makes accounts for the application's own code. */
@Injectable()
export class AccountCreation {
  constructor(
    private readonly database: Database,
    private readonly users: UserDirectory,
    private readonly limits: ColumnLimits,
    private readonly writer: UserWriter,
    private readonly newPasswords: NewPasswords,
    private readonly administrators: AdministratorRule,
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
    private readonly settings: AuthSettings,
  ) {}

  /** Throws `VALIDATION_FAILED`, `PASSWORD_REJECTED`. `undefined` when the address is taken, or the claim is lost. */
  async create(account: CreateAccount, by: ActedBy, claim?: Claim): Promise<PublicUser | undefined> {
    const { email, password, emailVerified = false, roles, fields = {} } = account;
    this.checkEmail(email);
    requireRoles(roles ?? []);
    const context = { email, values: textValues(fields) };
    const passwordHash = password === undefined ? null : await this.newPasswords.prepare(password, context);
    const user: NewUser = {
      email: email.trim(),
      passwordHash,
      emailVerified,
      roles: [...new Set(roles ?? this.settings.roles.default)],
      fields,
    };
    const locale = this.settings.mailTemplates.defaultLocale;
    const id = await this.writer.create(
      user,
      async (manager, { userId }) => {
        await this.events.record(manager, { ...by, type: 'account.created', subjectId: userId });
        if (account.sendVerification === true)
          await this.outbox.add(manager, { kind: 'verify-request', userId, locale });
        if (account.sendPasswordLink !== true) return;
        await this.outbox.add(manager, { kind: 'password-link', userId, locale, data: { created: true } });
      },
      claim,
    );
    return id === undefined ? undefined : this.users.publicUser(id);
  }

  /** The same while nobody is an administrator: of any number of callers at once, one makes the first. */
  async createFirst(account: CreateAccount): Promise<PublicUser | undefined> {
    await this.administrators.prepare();
    return this.create(account, {}, (manager) => this.administrators.isFirst(manager));
  }

  async createAdministrator({ email, password }: { email: string; password: string }): Promise<PublicUser | undefined> {
    if (await this.hasAdministrator()) return undefined;
    const problems = await this.newPasswords.problems(password, { email });
    if (problems.length > 0) {
      const reasons = problems.map(({ message }) => message).join(' ');
      throw new Error(`The first administrator was not created: the password is refused. ${reasons}`);
    }
    const created = await this.createFirst({ email, password, emailVerified: true, roles: [ADMINISTRATOR] });
    // Another node may have been faster.
    if (created === undefined && !(await this.hasAdministrator())) {
      throw new Error('The first administrator was not created: the address belongs to somebody without that role.');
    }
    return created;
  }

  /** Throws `VALIDATION_FAILED` (400). */
  checkEmail(email: string): void {
    const format = { field: 'email', rule: 'format', message: 'This is not an e-mail address.' };
    const details = isEmailAddress(email) ? this.limits.emailProblems(email) : [format];
    if (details.length > 0) throw new AuthError('VALIDATION_FAILED', { details });
  }

  private hasAdministrator(): Promise<boolean> {
    return this.database.read((manager) => manager.existsBy(UserRole, { role: ADMINISTRATOR }));
  }
}

/** Throws `VALIDATION_FAILED` (400). */
export function requireRoles(roles: readonly string[]): void {
  const details = roles.flatMap((role) => {
    const complaint = roleProblem(role);
    return complaint === undefined ? [] : [{ field: 'roles', rule: 'format', message: `A role ${complaint}` }];
  });
  if (details.length > 0) throw new AuthError('VALIDATION_FAILED', { details });
}
