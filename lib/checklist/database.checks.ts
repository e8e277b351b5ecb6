import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { schemaWorkOf } from '../database/schema-work.js';
import { CheckSource, passed, type Check } from './check.js';
import { enumEvidence, optionEvidence } from './evidence.js';

const EMBEDDED = new Set(['better-sqlite3', 'sqljs', 'sqlite']);

/** What the application's `DataSource` must be like in production. */
@Injectable()
export class DatabaseChecks extends CheckSource {
  constructor(private readonly database: Database) {
    super();
  }

  override checks(): readonly Check[] {
    const { dataSource } = this.database;
    const { options } = dataSource;
    const { synchronize, dropSchema, migrationsRun } = schemaWorkOf(dataSource);
    return [
      {
        id: 'database.synchronize',
        title: 'The schema is changed by migrations alone',
        area: 'database',
        severity: 'refuse',
        source: 'TypeORM, DataSource options: synchronize',
        run: () =>
          synchronize || dropSchema
            ? {
                status: 'finding',
                evidence: { synchronize, dropSchema },
                change: 'Set synchronize: false and dropSchema: false in TypeOrmModule.forRoot() and run migrations.',
              }
            : passed,
      },
      {
        id: 'database.embedded',
        title: 'The database is a server',
        area: 'database',
        severity: 'refuse',
        source: 'SQLite, Appropriate Uses: client/server applications',
        run: () =>
          EMBEDDED.has(options.type)
            ? {
                status: 'finding',
                evidence: { type: enumEvidence(options.type, [...EMBEDDED]) },
                change:
                  "Use PostgreSQL or MySQL, or accept it: checklist: { accept: { 'database.embedded': 'reason' } }.",
              }
            : passed,
      },
      {
        id: 'database.migrations-run',
        title: 'Migrations run once, before the instances start',
        area: 'database',
        severity: 'note',
        source: 'TypeORM, DataSource options: migrationsRun',
        run: () =>
          migrationsRun
            ? {
                status: 'finding',
                evidence: { option: optionEvidence('migrationsRun') },
                change:
                  'Set migrationsRun: false and run migrations as a step of the deployment: two instances that start together run them twice.',
              }
            : passed,
      },
    ];
  }
}
