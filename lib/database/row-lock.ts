import type { EntityManager } from 'typeorm';
import type { Database } from './database.js';
import { isUniqueViolation } from './driver-errors.js';
import { LockRow } from './lock-row.entity.js';

/** Makes the row of a lock where there is none yet. */
export async function ensureLock(database: Database, name: string): Promise<void> {
  if (await database.read((manager) => manager.existsBy(LockRow, { name }))) return;
  try {
    await database.write((manager) => manager.insert(LockRow, { name, turn: 0 }), { insertMayLose: true });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
  }
}

/**
 * Inside `Database.write`, as its first statement: nobody else holds the lock of this name until the transaction ends. The
 * row must be there: `ensureLock` sees to it, before the transaction.
 */
export async function holdLock(manager: EntityManager, name: string): Promise<void> {
  const { affected } = await manager
    .createQueryBuilder()
    .update(LockRow)
    .set({ turn: () => 'turn + 1' })
    .where('name = :name', { name })
    .execute();
  if (affected !== 1) throw new Error(`There is no lock ${name}.`);
}
