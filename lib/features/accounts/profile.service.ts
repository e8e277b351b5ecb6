import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '../../database/database.js';
import { isUniqueViolation } from '../../database/driver-errors.js';
import { AuthError } from '../../errors/auth-error.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { UserDirectory, type PublicUser } from '../../users/user-directory.js';
import { UserTable } from '../../users/user-table.js';
import { ExtraFields } from '../../accounts/extra-fields.js';
import { IdentifierChange, type PermittedChange, type ProfileChange } from './identifier-change.service.js';

/** What the signed-in owner may see and change of the account. */
@Injectable()
export class Profile {
  constructor(
    private readonly users: UserDirectory,
    private readonly table: UserTable,
    private readonly extraFields: ExtraFields,
    private readonly identifiers: IdentifierChange,
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

  /**
   * Throws `VALIDATION_FAILED` (400), `ALREADY_EXISTS` (409) when a unique value is somebody else's, and what
   * {@link IdentifierChange.permit} throws.
   */
  async change(body: unknown, change: ProfileChange): Promise<PublicUser> {
    const given = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
    const { values, problems } = await this.extraFields.check(this.settings.profile.fields, { ...given });
    if (problems.length > 0) throw new AuthError('VALIDATION_FAILED', { details: problems });
    const permitted = await this.identifiers.permit(change.who, values);
    if (Object.keys(permitted.values).length > 0) await this.write(permitted, change);
    return this.read(change.who.userId);
  }

  private async write(permitted: PermittedChange, change: ProfileChange): Promise<void> {
    const { userId } = change.who;
    const work = async (manager: EntityManager): Promise<boolean> => {
      if (permitted.identifiers.length > 0) return this.identifiers.carryOut(manager, permitted, change);
      await this.table.update(manager, userId, permitted.values);
      return true;
    };
    try {
      const done = await this.cache.change([userId], (commitBefore) =>
        // Whoever loses a unique value has written nothing before: on a shared connection that is kept.
        this.database.write(work, { commitBefore, insertMayLose: true }),
      );
      if (!done) throw new AuthError('NOT_AUTHENTICATED');
    } catch (error) {
      throw isUniqueViolation(error) ? new AuthError('ALREADY_EXISTS') : error;
    }
  }
}
