import { Injectable } from '@nestjs/common';
import { AccountCreation } from '../../accounts/account-creation.service.js';
import { Accounts } from '../../accounts/accounts.service.js';
import { Database } from '../../database/database.js';
import { NewPasswords } from '../../passwords/new-passwords.service.js';
import { ADMINISTRATOR } from '../../roles/administrator.js';
import { UserRole } from '../../roles/user-role.entity.js';
import { MailAccounts, type MailAccount } from '../../users/mail-accounts.service.js';

export interface NewAdministrator {
  readonly email: string;
  /** Default: none. The owner is mailed a link that sets one, and that proves the address. */
  readonly password?: string;
  /** Also when there is an administrator already. Default `false`. */
  readonly another?: boolean;
  /** Gives the role to the account that has the address. Default `false`: nobody is promoted. */
  readonly promote?: boolean;
}

/**
 * `created`; `promoted`; `invited`: was one without a password, and is mailed another link; `exists`: there is an administrator
 * already; `is-one`: the address is an administrator's; `taken`: it is somebody's who is none; `unproven`: whoever has
 * registered it has not shown to be its owner; `disabled`; `password`: the policy refuses it.
 */
export type AdministratorOutcome =
  | { readonly outcome: 'created' | 'promoted' | 'invited' }
  | { readonly outcome: 'exists' | 'is-one' | 'taken' | 'unproven' | 'disabled' }
  | { readonly outcome: 'password'; readonly problems: readonly string[] };

/** Administrators that somebody with access to the server makes, from a command line or a script. */
@Injectable()
export class Administrators {
  constructor(
    private readonly database: Database,
    private readonly accounts: Accounts,
    private readonly creation: AccountCreation,
    private readonly mailAccounts: MailAccounts,
    private readonly newPasswords: NewPasswords,
  ) {}

  /** Throws `VALIDATION_FAILED` (400) for what is no address. */
  async make(request: NewAdministrator): Promise<AdministratorOutcome> {
    const { email, password, another = false, promote = false } = request;
    const owner = await this.mailAccounts.findByAddress(email);
    if (owner !== undefined && (await this.isAdministrator(owner.userId))) return this.remind(owner);
    if (!another && (await this.hasAny())) return { outcome: 'exists' };
    if (owner !== undefined) return promote ? this.promote(owner) : { outcome: 'taken' };
    return this.create(email, password, another);
  }

  private async create(email: string, password: string | undefined, another: boolean): Promise<AdministratorOutcome> {
    if (password !== undefined) {
      const problems = await this.newPasswords.problems(password, { email });
      if (problems.length > 0) return { outcome: 'password', problems: problems.map(({ message }) => message) };
    }
    const account = {
      email,
      roles: [ADMINISTRATOR],
      ...(password === undefined ? { sendPasswordLink: true } : { password, emailVerified: true }),
    };
    const created = await (another ? this.accounts.create(account) : this.creation.createFirst(account));
    if (created !== undefined) return { outcome: 'created' };
    // Somebody has become the first one, or has taken the address, at this very moment.
    return { outcome: !another && (await this.hasAny()) ? 'exists' : 'taken' };
  }

  /** Whoever registers an address of somebody else first would be given the role in the owner's place. */
  private async promote(owner: MailAccount): Promise<AdministratorOutcome> {
    const { userId, emailVerified, contested, disabled } = owner;
    if (disabled) return { outcome: 'disabled' };
    if (!emailVerified || contested) return { outcome: 'unproven' };
    await this.accounts.assignRole(userId, ADMINISTRATOR);
    return { outcome: 'promoted' };
  }

  private async remind({ userId, hasPassword, emailVerified }: MailAccount): Promise<AdministratorOutcome> {
    if (hasPassword || emailVerified) return { outcome: 'is-one' };
    await this.accounts.sendPasswordLink(userId);
    return { outcome: 'invited' };
  }

  private isAdministrator(userId: string): Promise<boolean> {
    return this.database.read((manager) => manager.existsBy(UserRole, { userId, role: ADMINISTRATOR }));
  }

  private hasAny(): Promise<boolean> {
    return this.database.read((manager) => manager.existsBy(UserRole, { role: ADMINISTRATOR }));
  }
}
