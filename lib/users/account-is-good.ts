import type { Type } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Account } from './account.entity.js';
import { tableName } from './escaped-names.js';

/**
 * Condition of an UPDATE of a table of ours with `user_id` and `epoch`, in the transaction that has just raised the epoch:
 * the row was of the epoch before. Those of older ones had ended already.
 */
export function epochJustEnded(manager: EntityManager, owned: Type): string {
  const rows = tableName(manager, owned);
  return `epoch = (SELECT a.epoch - 1 FROM ${tableName(manager, Account)} a WHERE a.user_id = ${rows}.user_id)`;
}

/**
 * Condition of an UPDATE of a table of ours with `user_id` and `epoch`: the account is enabled and still of that epoch.
 * Column names are spelled out where two tables meet: the builder of an UPDATE knows the properties of one.
 */
export function accountIsGood(manager: EntityManager, owned: Type): string {
  const rows = tableName(manager, owned);
  return (
    `EXISTS (SELECT 1 FROM ${tableName(manager, Account)} a WHERE a.user_id = ${rows}.user_id ` +
    `AND a.epoch = ${rows}.epoch AND a.disabled_at IS NULL)`
  );
}
