import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../../database/database.js';
import { Passwords } from '../../passwords/passwords.service.js';
import { Account } from '../../users/account.entity.js';
import { UserDirectory } from '../../users/user-directory.js';

/** What a password check leaves behind in the database. */
@Injectable()
export class PasswordRecord {
  private readonly logger = new Logger('Gatehouse');

  constructor(
    private readonly database: Database,
    private readonly passwords: Passwords,
    private readonly users: UserDirectory,
  ) {}

  /** Failures in a row. The same statement, matching no row, for an identifier that nobody has. */
  async countFailure(userId = '', knownBrowser: boolean): Promise<void> {
    const column = knownBrowser ? 'failedInRowKnown' : 'failedInRow';
    await this.database.write((manager) => manager.increment(Account, { userId }, column, 1));
  }

  /**
   * Stores the password under today's scheme and cost, unless it has been changed meanwhile. In the background: a good
   * sign-in waits and fails for nothing.
   */
  hashAnew(userId: string, password: string, stored: string): void {
    this.replace(userId, password, stored).catch(() => {
      this.logger.warn('A password could not be hashed anew; it will be at a later sign-in');
    });
  }

  private async replace(userId: string, password: string, stored: string): Promise<void> {
    const passwordHash = await this.passwords.hash(password);
    await this.database.write((manager) =>
      manager.update(this.users.entity, { id: userId, passwordHash: stored }, { passwordHash }),
    );
  }
}
