import type { DataSource } from 'typeorm';

const SHARED_CONNECTION = new Set(['better-sqlite3', 'sqljs']);
const MYSQL = new Set(['mysql', 'mariadb']);

/** Whether all work shares one connection, and with it one transaction. */
export function sharesConnection({ options }: DataSource): boolean {
  return SHARED_CONNECTION.has(options.type);
}

export function isMysql({ options }: DataSource): boolean {
  return MYSQL.has(options.type);
}
