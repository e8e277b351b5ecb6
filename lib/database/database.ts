import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { Clock } from '../common/clock.js';
import { SECOND_MS } from '../common/duration.js';
import { inTime } from '../common/in-time.js';
import { AuthError } from '../errors/auth-error.js';
import { AuthSettings } from '../options/auth-settings.js';
import { isMysql, sharesConnection } from './dialect.js';
import { isUnavailable, isUniqueViolation, isWithinTransaction } from './driver-errors.js';
import { FifoLock } from './fifo-lock.js';
import { withoutValues } from './statement-error.js';
import { AUTH_DATA_SOURCE } from './tokens.js';

export interface WriteOptions {
  /** Epoch ms after which the work is no longer committed but rolled back, answering 503. */
  readonly commitBefore?: number;
  /**
   * The first statement is an insert that may lose a race for a unique value. On a shared connection nothing of ours is
   * kept by committing then, while a rollback would undo what the host wrote meanwhile. Default `false`.
   */
  readonly insertMayLose?: boolean;
}

interface Deadline {
  passed: boolean;
}

/**
 * The one door to the application's database. Every statement of Gatehouse, reads included, runs on the primary: a
 * lagging replica would show a revoked session as live. A unit of work that outlives the deadline (5 s) answers 503
 * `STORE_UNAVAILABLE`, as does a database that cannot be reached.
 *
 * The rule of `write`: everything slow comes before; inside is only SQL. The first statement is the conditional claim,
 * and a lost claim is a return value, never a throw: on SQLite all work shares one connection, and a rollback would take
 * other people's acknowledged writes with it.
 */
@Injectable()
export class Database {
  private readonly logger = new Logger('Gatehouse');
  private readonly lock = new FifoLock();
  /** What waits for the commit of the transaction that a manager is in. */
  private readonly afterwards = new WeakMap<EntityManager, (() => void)[]>();
  private readonly sharesConnection: boolean;
  private readonly isolation: 'READ COMMITTED' | undefined;

  constructor(
    @Inject(AUTH_DATA_SOURCE) readonly dataSource: DataSource,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {
    this.sharesConnection = sharesConnection(dataSource);
    // What is read after the claim must be what others have committed by then; and gaps between rows stay unlocked.
    this.isolation = isMysql(dataSource) ? 'READ COMMITTED' : undefined;
  }

  read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.bounded((runner) => work(runner.manager));
  }

  /**
   * One transaction. Throws what a unique index said, so that the caller can take it for the lost claim it is. Errors of
   * statements come without their parameters.
   */
  write<T>(work: (manager: EntityManager) => Promise<T>, options: WriteOptions = {}): Promise<T> {
    return this.bounded(async (runner, deadline) => {
      const isTooLate = (): boolean => deadline.passed || this.isLate(options);
      const waiting: (() => void)[] = [];
      const unit = (manager: EntityManager): Promise<T> => {
        this.afterwards.set(manager, waiting);
        return work(manager);
      };
      const result = this.sharesConnection
        ? await this.lock.run(() => this.transactShared(runner, unit, isTooLate, options.insertMayLose ?? false))
        : await this.transact(runner, unit, isTooLate);
      for (const callback of waiting) this.callBack(callback);
      return result;
    });
  }

  /**
   * Inside `write`: calls back once the transaction has been committed, and never when it has not. What it throws is
   * logged and changes nothing.
   */
  afterCommit(manager: EntityManager, callback: () => void): void {
    const waiting = this.afterwards.get(manager);
    if (waiting === undefined) throw new Error('afterCommit is for work inside Database.write.');
    waiting.push(callback);
  }

  private callBack(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.logger.error('What follows a commit has failed', error instanceof Error ? error.stack : undefined);
    }
  }

  private async transact<T>(
    runner: QueryRunner,
    work: (manager: EntityManager) => Promise<T>,
    isTooLate: () => boolean,
  ): Promise<T> {
    await runner.startTransaction(this.isolation);
    try {
      const result = await work(runner.manager);
      if (isTooLate()) throw unavailable();
      await runner.commitTransaction();
      return result;
    } catch (error) {
      // A connection that is gone cannot roll back, and has no need to.
      await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    }
  }

  private async transactShared<T>(
    runner: QueryRunner,
    work: (manager: EntityManager) => Promise<T>,
    isTooLate: () => boolean,
    insertMayLose: boolean,
  ): Promise<T> {
    // A transaction of the host's would take our work along when it is rolled back. Nothing may come between the last
    // look and our own beginning.
    while (runner.isTransactionActive && !isTooLate()) await delay(1);
    if (isTooLate()) throw unavailable();
    await this.beginShared(runner);
    try {
      const result = await work(runner.manager);
      if (isTooLate()) throw unavailable();
      await runner.commitTransaction();
      // Only the outermost commit is one: the host may have begun a nested transaction meanwhile.
      while (runner.isTransactionActive && !isTooLate()) await delay(1);
      return result;
    } catch (error) {
      const settle =
        insertMayLose && isUniqueViolation(error) ? runner.commitTransaction() : runner.rollbackTransaction();
      await settle.catch(() => endLost(runner));
      throw error;
    }
  }

  /** A driver that could not begin a transaction believes that it has, and would wait for its end for ever. */
  private async beginShared(runner: QueryRunner): Promise<void> {
    try {
      await runner.startTransaction();
    } catch (error) {
      // Whether it was begun is unknown, unless there is one that the host has begun by a statement of its own.
      if (!isWithinTransaction(error)) await runner.query('ROLLBACK').catch(() => undefined);
      Object.assign(runner, { isTransactionActive: false });
      throw error;
    }
  }

  private isLate({ commitBefore }: WriteOptions): boolean {
    return commitBefore !== undefined && this.clock.now() > commitBefore;
  }

  private async bounded<T>(work: (runner: QueryRunner, deadline: Deadline) => Promise<T>): Promise<T> {
    const deadline: Deadline = { passed: false };
    const end = (): never => {
      deadline.passed = true;
      throw unavailable(new Error('database deadline'));
    };
    try {
      const done = this.onPrimary((runner) => work(runner, deadline));
      return await inTime(done, this.settings.database.timeoutMs, end);
    } catch (error) {
      const cause = withoutValues(error);
      throw isUnavailable(error) ? unavailable(cause) : cause;
    }
  }

  /** The connection goes back when its work has ended, also where nobody waits for it any more. */
  private async onPrimary<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner('master');
    try {
      return await work(runner);
    } finally {
      await runner.release().catch(() => undefined);
    }
  }
}

function unavailable(cause?: unknown): AuthError {
  return new AuthError('STORE_UNAVAILABLE', { retryAfterMs: SECOND_MS, cause });
}

/**
 * SQLite ends a transaction by itself, when the disk is full for one, and one whose end was not heard of has ended as well.
 * The driver goes on believing in it: it is given one to end.
 */
async function endLost(runner: QueryRunner): Promise<void> {
  await runner.query('BEGIN TRANSACTION').catch(() => undefined);
  await runner.rollbackTransaction().catch(() => undefined);
}
