import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Database } from '../database/database.js';
import { isUniqueViolation } from '../database/driver-errors.js';
import { Passwords } from '../passwords/passwords.service.js';
import { Account } from '../users/account.entity.js';
import { UserTable } from '../users/user-table.js';

/**
 * What a password check leaves behind in the database. All of it is written after the answer: how long a write takes must
 * not tell whether there was something to write, and a good sign-in waits and fails for nothing.
 */
@Injectable()
export class PasswordRecord implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Gatehouse');
  private readonly writing = new Set<Promise<void>>();

  constructor(
    private readonly database: Database,
    private readonly passwords: Passwords,
    private readonly table: UserTable,
  ) {}

  /** One more failure in a row. The same statement, matching no row, for an identifier that nobody has. */
  countFailure(userId: string | undefined, knownBrowser: boolean): void {
    this.later('A wrong password could not be counted', () =>
      this.count(userId, knownBrowser ? 'failedInRowKnown' : 'failedInRow'),
    );
  }

  /** Stores the password under today's scheme and cost, unless it has been changed meanwhile. */
  hashAnew(userId: string, password: string, stored: string): void {
    this.later('A password could not be hashed anew; it will be at a later sign-in', async () => {
      const passwordHash = await this.passwords.hash(password);
      await this.database.write((manager) => this.table.setPasswordHash(manager, userId, passwordHash, stored));
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.writing);
  }

  private async count(userId: string | undefined, column: 'failedInRow' | 'failedInRowKnown'): Promise<void> {
    const { affected } = await this.database.write((manager) =>
      manager.increment(Account, { userId: userId ?? '' }, column, 1),
    );
    if (affected !== 0 || userId === undefined) return;
    // A user whom the application made has no row before the first sign-in.
    await this.database
      .write((manager) => manager.insert(Account, { userId, [column]: 1 }), { insertMayLose: true })
      .catch((error: unknown) => {
        if (!isUniqueViolation(error)) throw error;
        return this.count(userId, column);
      });
  }

  private later(complaint: string, work: () => Promise<void>): void {
    const written = work()
      .catch(() => this.logger.warn(complaint))
      .finally(() => this.writing.delete(written));
    this.writing.add(written);
  }
}
