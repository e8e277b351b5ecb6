import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
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
    const { options } = this.database.dataSource;
    return [
      {
        id: 'database.synchronize',
        title: 'The schema is changed by migrations alone',
        area: 'database',
        severity: 'refuse',
        source: 'TypeORM, DataSource options: synchronize',
        run: () =>
          options.synchronize === true || options.dropSchema === true
            ? {
                status: 'finding',
                evidence: { option: optionEvidence('synchronize') },
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
    ];
  }
}
