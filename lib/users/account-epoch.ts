import type { EntityManager } from 'typeorm';
import { Account } from './account.entity.js';

/**
 * Ends every session of the account and every sign-in that is under way, in the transaction of the change that calls for
 * it. The account's row is there from the first sign-in on, or from the first change that needs it.
 */
export async function raiseEpoch(manager: EntityManager, userId: string): Promise<void> {
  const { affected } = await manager.increment(Account, { userId }, 'epoch', 1);
  if (affected !== 0) return;
  // A first sign-in or another node may insert the row at this very moment: its epoch is then raised all the same.
  await ensureAccount(manager, userId);
  await manager.increment(Account, { userId }, 'epoch', 1);
}

/** Makes the account's row where there is none. */
export async function ensureAccount(manager: EntityManager, userId: string): Promise<void> {
  // An insert that ignores a duplicate would share its lock on MySQL, and two of those could not go on to change the row.
  const row = manager.createQueryBuilder().insert().into(Account).values({ userId, epoch: 0 });
  await row.orUpdate(['user_id'], ['user_id']).updateEntity(false).execute();
}

/**
 * Locks the account's row until the end of the transaction: what later statements read of it stays true, and whoever raises
 * the epoch has either committed before them or waits. `false`: it is disabled, or there is none.
 */
export async function lockAccount(manager: EntityManager, userId: string): Promise<boolean> {
  const { affected } = await manager
    .createQueryBuilder()
    .update(Account)
    // Nothing changes: what counts is that the row is taken, and found.
    .set({ epoch: () => 'epoch' })
    .where('userId = :userId AND disabledAt IS NULL', { userId })
    .execute();
  return affected === 1;
}
