import type { QueryRunner, Table, TableColumn } from 'typeorm';
import { Query } from 'typeorm/driver/Query.js';
import { isMysql } from '../dialect.js';

/** The parts of TypeORM's query runners that write SQL, which it keeps to itself. */
interface SqlWriter {
  executeQueries(up: Query, down: Query): Promise<void>;
  escapePath(table: Table): string;
  /** MySQL: the definition of a column, with its name. */
  buildCreateColumnSql(column: TableColumn, skipPrimary: boolean): string;
}

/**
 * Where a column changes its type or length, TypeORM drops it and adds another, empty one, on PostgreSQL and MySQL. The
 * runner that this returns has the database convert the values instead, or refuse to.
 */
export function keepValues(runner: QueryRunner, changed: Set<string>): QueryRunner {
  const { options } = runner.connection;
  if (options.type !== 'postgres' && !isMysql(runner.connection)) return runner;
  const change = runner.changeColumn.bind(runner);
  const convert = options.type === 'postgres' ? convertOnPostgres : convertOnMysql;
  runner.changeColumn = async (table: Table, before: TableColumn, after: TableColumn): Promise<void> => {
    changed.add(`${table.name}.${after.name}`);
    if (before.type !== after.type || before.length !== after.length) {
      await convert(runner as unknown as SqlWriter, table, before, after);
    }
    await change(table, before, after);
  };
  return runner;

  async function convertOnPostgres(writer: SqlWriter, table: Table, before: TableColumn, after: TableColumn) {
    const to = ({ name, ...column }: TableColumn): string => {
      const type = runner.connection.driver.createFullType({ name, ...column } as TableColumn);
      return `ALTER TABLE ${writer.escapePath(table)} ALTER COLUMN "${name}" TYPE ${type} USING "${name}"::${type}`;
    };
    await writer.executeQueries(new Query(to(after)), new Query(to(before)));
    Object.assign(before, { type: after.type, length: after.length });
  }

  async function convertOnMysql(writer: SqlWriter, table: Table, before: TableColumn, after: TableColumn) {
    const to = (column: TableColumn): Query =>
      new Query(`ALTER TABLE ${writer.escapePath(table)} MODIFY ${writer.buildCreateColumnSql(column, true)}`);
    await writer.executeQueries(to(after), to(before));
    // The statement says the whole column: nothing of it is left to change.
    const said = ['type', 'length', 'isNullable', 'default', 'comment', 'unsigned', 'charset', 'collation'] as const;
    Object.assign(before, Object.fromEntries(said.map((part): [string, unknown] => [part, after[part]])));
  }
}
