import { setImmediate as afterAnswers, setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { FAILED_IN_ROW_LIMIT } from '../attempts/budgets.js';
import { Clock } from '../common/clock.js';
import { uuidv7 } from '../common/random.js';
import { Database } from '../database/database.js';
import { isUniqueViolation } from '../database/driver-errors.js';
import { Passwords } from '../passwords/passwords.service.js';
import { ensureAccount } from '../users/account-epoch.js';
import { Account } from '../users/account.entity.js';
import { UserTable } from '../users/user-table.js';
import { PasswordFailures, type FailedPassword } from './password-failures.js';

/** A wrong password whose count met a fault is counted again after these: the client has been told that it was wrong. */
const TRY_AGAIN_AFTER_MS = [100, 500, 2_000];

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
    private readonly failures: PasswordFailures,
    private readonly clock: Clock,
  ) {}

  /** One more failure in a row, with what follows from it. The same statements, matching no row, for nobody's identifier. */
  countFailure(failed: FailedPassword): void {
    const noted = { ...failed, eventId: uuidv7(this.clock.now()) };
    this.later('A wrong password could not be counted', async () => {
      for (const pauseMs of TRY_AGAIN_AFTER_MS) {
        if (await this.counted(noted).catch(() => false)) return;
        await delay(pauseMs);
      }
      await this.counted(noted);
    });
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

  /** Once, however often it is tried: the id of the event is taken when an earlier try has come through unheard. */
  private async counted(failed: FailedPassword): Promise<true> {
    try {
      await this.database.write(async (manager) => {
        const inRow = await countInRow(manager, failed);
        await this.failures.record(manager, failed, inRow === FAILED_IN_ROW_LIMIT);
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
    }
    return true;
  }

  /** Not before the answer has gone to the socket: SQLite would do the work in the way of it. */
  private later(complaint: string, work: () => Promise<void>): void {
    const written = afterAnswers()
      .then(work)
      .catch(() => this.logger.warn(complaint))
      .finally(() => this.writing.delete(written));
    this.writing.add(written);
  }
}

/** How many there are now. The row is locked meanwhile: of any number of failures at once, one is the hundredth. */
async function countInRow(manager: EntityManager, { userId, byBrowser }: FailedPassword): Promise<number> {
  const column = byBrowser ? 'failedInRowKnown' : 'failedInRow';
  const whose = { userId: userId ?? '' };
  const { affected } = await manager.increment(Account, whose, column, 1);
  if (affected === 0 && userId !== undefined) {
    // A user whom the application made has no row before the first sign-in.
    await ensureAccount(manager, userId);
    await manager.increment(Account, whose, column, 1);
  }
  return (await manager.findOneBy(Account, whose))?.[column] ?? 0;
}
