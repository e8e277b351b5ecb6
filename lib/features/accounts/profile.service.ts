import { Injectable } from '@nestjs/common';
import { Database } from '../../database/database.js';
import { isUniqueViolation } from '../../database/driver-errors.js';
import { AuthError } from '../../errors/auth-error.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { UserDirectory, type PublicUser } from '../../users/user-directory.js';
import { UserTable } from '../../users/user-table.js';
import { ExtraFields } from './extra-fields.js';

/** What the signed-in owner may see and change of the account. */
@Injectable()
export class Profile {
  constructor(
    private readonly users: UserDirectory,
    private readonly table: UserTable,
    private readonly extraFields: ExtraFields,
    private readonly database: Database,
    private readonly cache: SessionCache,
    private readonly settings: AuthSettings,
  ) {}

  /** Throws `NOT_AUTHENTICATED` (401) when the user is gone by now. */
  async read(userId: string): Promise<PublicUser> {
    const user = await this.users.publicUser(userId);
    if (user === undefined) throw new AuthError('NOT_AUTHENTICATED');
    return user;
  }

  /** Throws `VALIDATION_FAILED` (400), and `ALREADY_EXISTS` (409) when a unique value is somebody else's. */
  async change(userId: string, body: unknown): Promise<PublicUser> {
    const given = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
    const { values, problems } = await this.extraFields.check(this.settings.profile.fields, { ...given });
    if (problems.length > 0) throw new AuthError('VALIDATION_FAILED', { details: problems });
    if (Object.keys(values).length > 0) await this.write(userId, values);
    return this.read(userId);
  }

  private async write(userId: string, values: Readonly<Record<string, unknown>>): Promise<void> {
    try {
      await this.cache.change([userId], (commitBefore) =>
        this.database.write((manager) => this.table.update(manager, userId, values), { commitBefore }),
      );
    } catch (error) {
      throw isUniqueViolation(error) ? new AuthError('ALREADY_EXISTS') : error;
    }
  }
}
