import { Injectable } from '@nestjs/common';
import type { ActedBy } from '../../../accounts/acted-by.js';
import type { AccountDetails } from '../../../accounts/account-view.js';
import { Accounts } from '../../../accounts/accounts.service.js';
import { isUniqueViolation } from '../../../database/driver-errors.js';
import { AuthError } from '../../../errors/auth-error.js';
import type { PublicUser } from '../../../users/user-directory.js';
import type { NewUserInput, UserChangeInput } from './user-form.js';

/** What administrators do to users, in the order in which a refusal leaves the least behind. */
@Injectable()
export class UserAdministration {
  constructor(private readonly accounts: Accounts) {}

  /** Throws `NOT_FOUND` (404). */
  async read(id: string): Promise<AccountDetails> {
    const user = await this.accounts.view(id);
    if (user === undefined) throw new AuthError('NOT_FOUND');
    return user;
  }

  /** The owner is mailed a link that sets the password. Throws `ALREADY_EXISTS` (409). */
  async create({ email, emailVerified, roles, fields }: NewUserInput, by: ActedBy): Promise<AccountDetails> {
    const user = {
      email,
      emailVerified: emailVerified ?? false,
      ...(roles && { roles }),
      fields,
      sendPasswordLink: true,
    };
    const created = await this.accounts.create(user, by).catch(taken);
    if (created === undefined) throw new AuthError('ALREADY_EXISTS');
    return this.read(created.id);
  }

  /**
   * Throws `NOT_FOUND` (404), `ALREADY_EXISTS` and `LAST_ADMINISTRATOR` (409). The edit comes first: a value that is taken is
   * refused every day, and disabling only when whoever asks has stopped being an administrator meanwhile.
   */
  async change(id: string, { disabled, ...edit }: UserChangeInput, by: ActedBy): Promise<AccountDetails> {
    await this.accounts.update(id, edit, by);
    if (disabled === true) await this.accounts.disable(id, by);
    if (disabled === false) await this.accounts.enable(id, by);
    return this.read(id);
  }

  /** Lets the user sign in again, also after wrong passwords. Throws `NOT_FOUND` (404). */
  async unlock(id: string, by: ActedBy): Promise<void> {
    await this.accounts.enable(id, by);
    await this.accounts.unlock(id, by);
  }

  /** Throws `NOT_FOUND` (404). */
  async requireUser(id: string): Promise<void> {
    if ((await this.accounts.find(id)) === undefined) throw new AuthError('NOT_FOUND');
  }
}

/** A unique value of the application's own columns is somebody else's. */
function taken(error: unknown): PublicUser | undefined {
  if (isUniqueViolation(error)) return undefined;
  throw error;
}
