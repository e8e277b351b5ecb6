import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { Column, DataSource, Entity, Index, PrimaryColumn, type DataSourceOptions } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../common/clock.js';
import { StartUpError } from '../errors/start-up-error.js';
import { resolveSettings } from '../options/resolve-options.js';
import { newDataSource, SECRET, serverOptions, type DatabaseKind } from '../../test/support/app.js';
import { findMariadb, startMariadb } from '../../tools/lib/mariadb.mjs';
import { createDatabase } from '../../tools/lib/services.mjs';
import { exactText, idColumn } from './columns.js';
import { Database } from './database.js';
import { MysqlRules } from './mysql-rules.js';

abstract class Known {
  @Index('known_token', { unique: true })
  @Column(exactText('the_token', 22))
  token!: string;
}

@Entity('keepsakes')
class Keepsake extends Known {
  @PrimaryColumn(idColumn('id'))
  id!: string;

  @Column({ name: 'label', type: 'varchar', length: 40, default: 'none' })
  label!: string;
}

@Entity('Heirlooms')
class Heirloom {
  @PrimaryColumn(idColumn('id'))
  id!: string;
}

const open: DataSource[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((dataSource) => dataSource.destroy()));
});

async function start(kind: DatabaseKind, options: Partial<DataSourceOptions> = {}): Promise<DataSource> {
  const dataSource = await newDataSource(kind, { entities: [Keepsake], poolSize: 1, ...options } as DataSourceOptions);
  open.push(dataSource);
  return dataSource;
}

async function check(dataSource: DataSource, entity: Type = Keepsake): Promise<string> {
  const settings = resolveSettings({ secret: SECRET, baseUrl: 'http://localhost' }, { NODE_ENV: 'test' });
  const rules = new MysqlRules(new Database(dataSource, settings, new SystemClock()), [entity]);
  const error: unknown = await rules.apply().catch((reason: unknown) => reason);
  if (error === undefined) return 'started';
  expect(error).toBeInstanceOf(StartUpError);
  return (error as StartUpError).message;
}

const keep = (dataSource: DataSource, id: string, token: string): Promise<unknown> =>
  dataSource.query(`INSERT INTO keepsakes (id, the_token) VALUES ('${id}', '${token}')`);

const TOKENS = ['abc', 'ABC', 'ábc', 'abc ', 'a\u200bbc', 'strasse', 'straße'];

describe('MysqlRules on MariaDB', () => {
  it('gives identifying text the collation it needs where the schema is changed at the start', async () => {
    const dataSource = await start('mariadb', { synchronize: true });
    await keep(dataSource, 'before', 'abc');
    await expect(keep(dataSource, 'loose', 'ABC')).rejects.toThrow(/Duplicate/);
    expect(await check(dataSource)).toBe('started');
    for (const token of TOKENS.slice(1)) await keep(dataSource, token, token);
    for (const token of TOKENS) {
      expect(await dataSource.manager.findBy(Keepsake, { token })).toMatchObject([{ token }]);
    }
    await expect(keep(dataSource, 'twice', 'abc')).rejects.toThrow(/Duplicate/);
    const statements = await dataSource.driver.createSchemaBuilder().log();
    expect(statements.upQueries).toEqual([]);
    // What the application compares as it likes is left alone.
    await dataSource.query("UPDATE keepsakes SET label = 'Mine'");
    expect(await dataSource.query("SELECT id FROM keepsakes WHERE label = 'MINE'")).toHaveLength(TOKENS.length);
  });

  it('refuses the start where it is not, with the statements that help', async () => {
    const dataSource = await start('mariadb');
    await dataSource.synchronize();
    const refused = await check(dataSource);
    const statement = /Run: (ALTER TABLE .*);$/m.exec(refused)?.[1] ?? '';
    expect(statement).toBe(
      'ALTER TABLE `keepsakes` ' +
        'MODIFY `the_token` varchar(22) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, ' +
        'MODIFY `id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL',
    );
    await dataSource.query(statement);
    expect(await check(dataSource)).toBe('started');
  });

  const LOOSE = ['utf8mb4_bin', 'utf8mb4_unicode_ci', 'utf8mb4_general_nopad_ci', 'latin1_bin'];
  it.each(LOOSE)('refuses %s', async (collation) => {
    const dataSource = await start('mariadb');
    await dataSource.query(
      `CREATE TABLE keepsakes (id varchar(36) PRIMARY KEY, the_token varchar(22) NOT NULL, label varchar(40)) ` +
        `CHARACTER SET ${collation.split('_')[0]} COLLATE ${collation}`,
    );
    expect(await check(dataSource)).toMatch(/keepsakes takes different identifiers for the same/);
  });

  it('refuses tables without transactions', async () => {
    const dataSource = await start('mariadb', { synchronize: true });
    await dataSource.query('ALTER TABLE keepsakes ENGINE = MyISAM');
    expect(await check(dataSource)).toMatch(/keepsakes is in MyISAM/);
  });

  it('refuses a server to which a backslash is a letter: values would leave their quotes', async () => {
    const dataSource = await start('mariadb', { synchronize: true });
    await dataSource.query("SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES'");
    const injected = await dataSource.query("SELECT ? AS a, 'b' AS b", ["' AS a, 1 + 1 AS injected -- "]).catch(String);
    expect(JSON.stringify(injected)).toMatch(/injected|error/i);
    expect(await check(dataSource)).toMatch(/NO_BACKSLASH_ESCAPES/);
  });

  it('refuses a connection that cannot say every character', async () => {
    const dataSource = await start('mariadb', { synchronize: true, charset: 'latin1_swedish_ci' });
    expect(await check(dataSource)).toMatch(/charset: the connection is in latin1/);
  });

  it('has nothing to say before the tables are there: that is told elsewhere', async () => {
    expect(await check(await start('mariadb'))).toBe('started');
  });
});

it('knows tables of a server that keeps their names in small letters', async () => {
  const server = await startMariadb(findMariadb()!, { 'lower-case-table-names': 1 });
  try {
    const url = await createDatabase(server.url, 'small_');
    const options = { ...serverOptions(url), synchronize: true, poolSize: 1, entities: [Heirloom] };
    const dataSource = await new DataSource(options).initialize();
    open.push(dataSource);
    expect(await check(dataSource, Heirloom)).toBe('started');
    await dataSource.query("INSERT INTO Heirlooms (id) VALUES ('abc'), ('ABC')");
    expect(await dataSource.query('SELECT id FROM Heirlooms')).toHaveLength(2);
  } finally {
    await Promise.all(open.splice(0).map((dataSource) => dataSource.destroy()));
    await server.stop();
  }
});

it.each(['sqlite', 'postgres'] as const)('identifying text is exact on %s without further ado', async (kind) => {
  const dataSource = await start(kind, { synchronize: true });
  expect(await check(dataSource)).toBe('started');
  for (const token of TOKENS) await keep(dataSource, token, token);
  for (const token of TOKENS) {
    expect(await dataSource.manager.findBy(Keepsake, { token })).toMatchObject([{ token }]);
  }
});
