import type { EntityManager } from 'typeorm';
import { isMysql } from './dialect.js';

/** Epoch ms by the clock of the database server; `undefined` of one that has none of its own. */
export async function serverTimeMs(manager: EntityManager): Promise<number | undefined> {
  const { connection } = manager;
  const sql = isMysql(connection)
    ? 'SELECT UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS value'
    : connection.options.type === 'postgres'
      ? 'SELECT EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS value'
      : undefined;
  return sql === undefined ? undefined : Number(await valueOf(manager, sql));
}

/** Whether the connection is encrypted, as the server sees it; `undefined` of one that is not asked. */
export async function isEncrypted(manager: EntityManager): Promise<boolean | undefined> {
  const { connection } = manager;
  if (isMysql(connection)) {
    const [row] = await manager.query<{ readonly Value: string }[]>("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
    return (row?.Value ?? '') !== '';
  }
  if (connection.options.type !== 'postgres') return undefined;
  return (await valueOf(manager, 'SELECT ssl AS value FROM pg_stat_ssl WHERE pid = pg_backend_pid()')) === true;
}

async function valueOf(manager: EntityManager, sql: string): Promise<unknown> {
  const [row] = await manager.query<{ readonly value: unknown }[]>(sql);
  return row?.value;
}
