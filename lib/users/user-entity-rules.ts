import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.js';
import { MysqlRules } from '../database/mysql-rules.js';
import { StatementError } from '../database/statement-error.js';
import { AUTH_ENTITIES } from '../database/tokens.js';
import { StartUpError } from '../errors/start-up-error.js';
import type { AuthStructure } from '../options/auth-options.js';
import { AuthSettings } from '../options/auth-settings.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { tableName } from './escaped-names.js';
import { reuseOfIds } from './returning-ids.js';
import { userColumnProblems } from './user-column-problems.js';
import { UserDirectory } from './user-directory.js';
import { userOptionProblems } from './user-option-problems.js';
import { UserTable } from './user-table.js';

/** Compares the options with the application's user entity and its database, before the first request. */
@Injectable()
export class UserEntityRules implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly mysqlRules: MysqlRules,
    private readonly settings: AuthSettings,
    private readonly table: UserTable,
    private readonly users: UserDirectory,
    @Inject(AUTH_STRUCTURE) private readonly structure: AuthStructure,
    @Inject(AUTH_ENTITIES) private readonly entities: readonly Type[],
  ) {}

  async onModuleInit(): Promise<void> {
    const problems = this.problems();
    if (problems.length > 0) throw new StartUpError('the options do not fit the entities.', problems);
    await this.mysqlRules.apply();
    await this.refuseMissingTables();
    await this.refuseFailingSignIn();
    await this.refuseReturningIds();
  }

  /** A table or column that is not there would be a 500 at the first request. */
  private async refuseMissingTables(): Promise<void> {
    const missing: string[] = [];
    for (const entity of this.entities) {
      const { name, tableName } = this.database.dataSource.getMetadata(entity);
      await this.database
        .read((manager) => readNothing(manager, entity))
        .catch((error: unknown) => {
          if (!(error instanceof StatementError)) throw error;
          missing.push(
            `the table ${tableName} does not hold ${name}: ${error.message}. Run a migration, or set synchronize: true outside production.`,
          );
        });
    }
    if (missing.length > 0) throw new StartUpError('the database does not have the tables.', missing);
  }

  /** Types of the database that are not those of the entity, and collations that do not meet, show in the joined query alone. */
  private async refuseFailingSignIn(): Promise<void> {
    await this.users.findForSignIn('nobody').catch((error: unknown) => {
      if (!(error instanceof StatementError)) throw error;
      const { name, tableName } = this.table.metadata;
      throw new StartUpError('the database cannot look up users.', [
        `the table ${tableName} of ${name} does not go with auth_accounts: ${error.message}. ` +
          'Make the types of its columns those of the entity, and its collation that of auth_accounts.',
      ]);
    });
  }

  /** The epoch that tells a new user from the last owner of the number is no part of a check by signature alone. */
  private async refuseReturningIds(): Promise<void> {
    if (this.settings.tokens.checking !== 'signature') return;
    const { columns, metadata } = this.table;
    const way = await this.database.read((manager) => reuseOfIds(manager, metadata, columns.id));
    if (way === undefined) return;
    const name = `${metadata.tableName}.${columns.id.column.databaseName}`;
    throw new StartUpError('access tokens could pass from one user to another.', [
      `tokens.checking: 'signature' does not go with userColumns.id: ${name} hands out the number of a deleted user ` +
        `again, whose access tokens act as the new user until they expire. ${way}, or set tokens.checking: 'session'.`,
    ]);
  }

  private problems(): readonly string[] {
    const { dataSource } = this.database;
    const unknown = this.entities.filter((entity) => !dataSource.hasMetadata(entity)).map(({ name }) => name);
    if (unknown.length > 0) {
      return [
        `the DataSource does not know ${unknown.join(', ')}: set autoLoadEntities: true in TypeOrmModule.forRoot(), ` +
          `or entities: [...authEntities({ userEntity: ${this.structure.userEntity.name} }), ...].`,
      ];
    }
    const { metadata } = this.table;
    const mapping = userColumnProblems(metadata, dataSource.driver, this.structure.userColumns);
    // Whatever else is wrong can be told only of columns that are there.
    if (mapping.missing.length > 0) return mapping.missing;
    const fields = userOptionProblems(metadata, dataSource, this.table.columns, this.settings);
    return [...mapping.unfit, ...fields];
  }
}

/** By hand: the query builder takes four times as long, at every start, for each entity. */
async function readNothing(manager: EntityManager, entity: Type): Promise<void> {
  const { driver } = manager.connection;
  const stored = manager.connection.getMetadata(entity).columns.filter(({ isVirtualProperty }) => !isVirtualProperty);
  // Without the `e` SQLite takes a column that is not there for a text.
  const names = stored.map(({ databaseName }) => `e.${driver.escape(databaseName)}`);
  await manager.query(`SELECT ${names.join(', ')} FROM ${tableName(manager, entity)} e WHERE 1 = 0`);
}
