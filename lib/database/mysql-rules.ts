import { Inject, Injectable, type Type } from '@nestjs/common';
import { getMetadataArgsStorage, type EntityManager, type EntityMetadata } from 'typeorm';
import { StartUpError } from '../errors/start-up-error.js';
import { isExactText } from './columns.js';
import { Database } from './database.js';
import { isMysql } from './dialect.js';
import { AUTH_ENTITIES } from './tokens.js';

export interface StoredColumn {
  readonly name: string;
  readonly columnType: string;
  readonly collation: string | null;
  readonly nullable: string;
  readonly engine: string | null;
}

/** MariaDB's and MySQL's names of the collation that compares bytes and does not pad with spaces. */
export const EXACT_COLLATION_OF = { mariadb: 'utf8mb4_nopad_bin', mysql: 'utf8mb4_0900_bin' } as const;

const EXACT_COLLATIONS: readonly string[] = Object.values(EXACT_COLLATION_OF);

/**
 * What MySQL and MariaDB do by default, or may be told to do, and Gatehouse cannot work with. Found before the first
 * request. Columns of identifying text are given the collation they need where the schema is TypeORM's to change
 * (`synchronize`), and refuse the start elsewhere, with the statements to run.
 */
@Injectable()
export class MysqlRules {
  constructor(
    private readonly database: Database,
    @Inject(AUTH_ENTITIES) private readonly entities: readonly Type[],
  ) {}

  /** Throws `StartUpError` with everything that is wrong. */
  async apply(): Promise<void> {
    const { dataSource } = this.database;
    if (!isMysql(dataSource)) return;
    // Not through the door: changing a table takes as long as it takes.
    const runner = dataSource.createQueryRunner('master');
    const problems: string[] = [];
    try {
      problems.push(...(await connectionProblems(runner.manager)), ...(await this.tableProblems(runner.manager)));
    } finally {
      await runner.release();
    }
    if (problems.length > 0) throw new StartUpError('the database server does not keep apart what must be.', problems);
  }

  private async tableProblems(manager: EntityManager): Promise<string[]> {
    const { dataSource } = this.database;
    const wanted = await exactCollation(manager);
    if (wanted === undefined)
      return ['the server has no collation that compares exactly: use MySQL 8.0.17 or MariaDB.'];
    const problems: string[] = [];
    // An entity that the DataSource does not know is told of elsewhere.
    const known = this.entities.filter((entity) => dataSource.hasMetadata(entity));
    const tables = known.map((entity) => dataSource.getMetadata(entity));
    const storedIn = await columnsOf(manager, tables);
    for (const metadata of tables) {
      const stored = storedIn(metadata);
      const engine = stored[0]?.engine;
      if (engine && engine !== 'InnoDB') problems.push(`${metadata.tableName} is in ${engine}, without transactions.`);
      const exact = exactColumnsOf(metadata);
      const loose = stored.filter(({ name, collation }) => exact.has(name) && !isExact(collation));
      if (loose.length === 0) continue;
      const statement = alteration(manager, metadata, loose, wanted);
      if (dataSource.options.synchronize === true) await manager.query(statement);
      else problems.push(`${metadata.tableName} takes different identifiers for the same. Run: ${statement};`);
    }
    return problems;
  }
}

/** Values are put into statements by the driver, and escaped with a backslash: that must mean the same to the server. */
async function connectionProblems(manager: EntityManager): Promise<string[]> {
  const [row] = await manager.query<{ mode: string; charset: string }[]>(
    'SELECT @@SESSION.sql_mode AS `mode`, @@SESSION.character_set_client AS `charset`',
  );
  const { mode = '', charset = '' } = row ?? {};
  return [
    ...(mode.includes('NO_BACKSLASH_ESCAPES')
      ? ['sql_mode: NO_BACKSLASH_ESCAPES lets values out of their quotes. Remove it.']
      : []),
    ...(charset === 'utf8mb4' ? [] : [`charset: the connection is in ${charset}. Leave charset out, or set utf8mb4.`]),
  ];
}

/** The server's collation that compares exactly; `undefined` of one that is too old. */
export async function exactCollation(manager: EntityManager): Promise<string | undefined> {
  const rows = await manager.query<{ name: string }[]>(
    'SELECT COLLATION_NAME AS `name` FROM information_schema.COLLATIONS WHERE COLLATION_NAME IN (?)',
    [EXACT_COLLATIONS],
  );
  return EXACT_COLLATIONS.find((wanted) => rows.some(({ name }) => name === wanted));
}

export function isExact(collation: string | null): boolean {
  return collation !== null && EXACT_COLLATIONS.includes(collation);
}

/**
 * What the database has of each table, in one question for each database; nothing of a table that is not there. A server
 * that keeps names of tables in small letters (`lower_case_table_names`) answers those.
 */
export async function columnsOf(
  manager: EntityManager,
  tables: readonly EntityMetadata[],
): Promise<(table: EntityMetadata) => readonly StoredColumn[]> {
  const found = new Map<string, StoredColumn[]>();
  const key = (database: string | undefined, tableName: string): string => JSON.stringify([database, tableName]);
  for (const database of new Set(tables.map((table) => table.database))) {
    const names = tables.filter((table) => table.database === database).map(({ tableName }) => tableName);
    const rows = await manager.query<(StoredColumn & { readonly tableName: string })[]>(
      'SELECT c.TABLE_NAME AS `tableName`, c.COLUMN_NAME AS `name`, c.COLUMN_TYPE AS `columnType`, ' +
        'c.COLLATION_NAME AS `collation`, c.IS_NULLABLE AS `nullable`, t.ENGINE AS `engine` ' +
        'FROM information_schema.COLUMNS c ' +
        'JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME ' +
        'WHERE c.TABLE_SCHEMA = COALESCE(?, DATABASE()) AND c.TABLE_NAME IN (?)',
      [database ?? null, names],
    );
    for (const { tableName, ...column } of rows) {
      const name = key(database, tableName);
      found.set(name, [...(found.get(name) ?? []), column]);
    }
  }
  return ({ database, tableName }) =>
    found.get(key(database, tableName)) ?? found.get(key(database, tableName.toLowerCase())) ?? [];
}

/** Names in the database of the columns that one of the entity's classes declares as exact text. */
export function exactColumnsOf({ inheritanceTree, columns }: EntityMetadata): ReadonlySet<string> {
  const declared = getMetadataArgsStorage().columns.filter(
    ({ target, options }) => inheritanceTree.includes(target as Type) && isExactText(options),
  );
  const properties = new Set(declared.map(({ propertyName }) => propertyName));
  return new Set(columns.filter((column) => properties.has(column.propertyName)).map((column) => column.databaseName));
}

/** Gives columns a collation and leaves them as they are otherwise. */
export function alteration(
  manager: EntityManager,
  { tablePath }: EntityMetadata,
  columns: readonly StoredColumn[],
  collation: string,
): string {
  const quote = (name: string): string => manager.connection.driver.escape(name);
  const changes = columns.map(({ name, columnType, nullable }) => {
    const presence = nullable === 'YES' ? 'NULL' : 'NOT NULL';
    // A collation is called after its character set.
    const [charset] = collation.split('_');
    return `MODIFY ${quote(name)} ${columnType} CHARACTER SET ${charset} COLLATE ${collation} ${presence}`;
  });
  return `ALTER TABLE ${tablePath.split('.').map(quote).join('.')} ${changes.join(', ')}`;
}
