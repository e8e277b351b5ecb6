import { Inject, Injectable, type Type } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { databaseAddress } from '../database/database-address.js';
import { Database } from '../database/database.js';
import { pendingMigrations } from '../database/pending-migrations.js';
import { OwnSchema } from '../database/schema/own-schema.js';
import { isEncrypted, serverTimeMs } from '../database/server-facts.js';
import { AUTH_ENTITIES } from '../database/tokens.js';
import { AuthError } from '../errors/auth-error.js';
import { CheckSource, passed, type Check, type CheckOutcome, type CheckWork } from './check.js';
import { hostEvidence, identifierEvidence } from './evidence.js';

const CLOCK_DIFFERENCE_MS = 2_000;
const NAMED_MIGRATIONS = 10;

/** What the database itself says. */
@Injectable()
export class DatabaseStateChecks extends CheckSource {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    @Inject(AUTH_ENTITIES) private readonly entities: readonly Type[],
  ) {
    super();
  }

  override checks(): readonly Check[] {
    const check = (
      id: string,
      title: string,
      severity: Check['severity'],
      source: string,
      work: CheckWork,
      run: () => Promise<CheckOutcome>,
    ): Check => ({ id, title, area: 'database', severity, source, work, run });
    return [
      check('database.reachable', 'The database answers', 'refuse', 'ASVS 5.0 V16.5.2', 'asks', () => this.reachable()),
      check(
        'database.schema',
        'The tables are what the entities say',
        'warn',
        'TypeORM, migrations',
        // Many statements, where the others are one.
        'acts',
        () => this.schema(),
      ),
      check('database.migrations', 'Every migration has run', 'warn', 'TypeORM, migrations', 'asks', () =>
        this.migrations(),
      ),
      check('database.clock', 'Database and application have the same time', 'warn', 'ASVS 5.0 V16.2.2', 'asks', () =>
        this.time(),
      ),
      check('database.transport', 'The database is reached encrypted', 'warn', 'ASVS 5.0 V12.3.1', 'asks', () =>
        this.transport(),
      ),
    ];
  }

  private async reachable(): Promise<CheckOutcome> {
    try {
      await this.database.read((manager) => manager.query('SELECT 1'));
      return passed;
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      const { host } = databaseAddress(this.database.dataSource);
      return {
        status: 'finding',
        evidence: host === undefined ? { answered: false } : { answered: false, host: hostEvidence(host) },
        change: 'Start the database there, or correct the address, user and password of TypeOrmModule.forRoot().',
      };
    }
  }

  private async schema(): Promise<CheckOutcome> {
    const { dataSource } = this.database;
    const statements = await new OwnSchema(dataSource, this.entities).missing();
    if (statements === 0) return passed;
    return {
      status: 'finding',
      evidence: { statements },
      change: 'Write a migration with `gatehouse migrations` and run it: tables that differ fail when they are used.',
    };
  }

  private async migrations(): Promise<CheckOutcome> {
    const pending = await pendingMigrations(this.database.dataSource);
    if (pending.length === 0) return passed;
    return {
      status: 'finding',
      evidence: {
        pending: pending.length,
        names: pending.slice(0, NAMED_MIGRATIONS).map((name) => identifierEvidence(name)),
      },
      change: 'Run the migrations before the instances start.',
    };
  }

  private async time(): Promise<CheckOutcome> {
    const before = this.clock.now();
    const theirs = await this.database.read(serverTimeMs);
    if (theirs === undefined) return passed;
    // Somewhere between the question and the answer.
    const after = this.clock.now();
    const differenceMs = Math.round(theirs < before ? before - theirs : Math.max(0, theirs - after));
    if (differenceMs <= CLOCK_DIFFERENCE_MS) return { status: 'passed', evidence: { differenceMs } };
    return {
      status: 'finding',
      evidence: { differenceMs },
      change:
        'Set the clocks of both machines by NTP: what one instance ends is over for another at another time otherwise.',
    };
  }

  private async transport(): Promise<CheckOutcome> {
    const { dataSource } = this.database;
    const { host, loopback } = databaseAddress(dataSource);
    if (loopback || host === undefined) return passed;
    const encrypted = await this.database.read(isEncrypted);
    if (encrypted === undefined) return { status: 'unchecked', reason: 'this kind of database is not asked' };
    const { ssl } = dataSource.options as { readonly ssl?: boolean | { readonly rejectUnauthorized?: boolean } };
    const verified = encrypted && !(typeof ssl === 'object' && ssl.rejectUnauthorized === false);
    if (verified) return passed;
    return {
      status: 'finding',
      evidence: { host: hostEvidence(host), encrypted, verified },
      change:
        'Set ssl: true in TypeOrmModule.forRoot(), with the ca of the server where it has one of its own, and never rejectUnauthorized: false.',
    };
  }
}
