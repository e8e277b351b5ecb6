import type { EntityManager } from 'typeorm';
import { lockAccount } from '../users/account-epoch.js';
import { accountIsGood } from '../users/account-is-good.js';
import { LoginSession } from './login-session.entity.js';

/** Names a session by its public id. */
export interface SessionOfUser {
  readonly userId: string;
  readonly sessionId: string;
}

/**
 * Inside `Database.write`: locks the account and then the session until the end of the transaction, so that whoever ends the
 * session has either committed before or waits. `false`: it has ended.
 */
export async function lockSession(
  manager: EntityManager,
  { userId, sessionId }: SessionOfUser,
  now: number,
): Promise<boolean> {
  if (!(await lockAccount(manager, userId))) return false;
  const { affected } = await manager
    .createQueryBuilder()
    .update(LoginSession)
    // Nothing changes: what counts is that the row is taken, and found.
    .set({ epoch: () => 'epoch' })
    .where('id = :sessionId AND userId = :userId AND revokedAt IS NULL', { sessionId, userId })
    .andWhere('expiresAt > :now AND lastSeenAt > :now - idleMs', { now })
    .andWhere(accountIsGood(manager, LoginSession))
    .execute();
  return affected === 1;
}
