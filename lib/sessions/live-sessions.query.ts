import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { Account } from '../users/account.entity.js';
import { LoginSession } from './login-session.entity.js';

/** A user's sessions (`s`) that are neither revoked, over nor of another epoch, of an account that is not disabled. */
export function liveSessions(manager: EntityManager, userId: string, now: number): SelectQueryBuilder<LoginSession> {
  return manager
    .createQueryBuilder(LoginSession, 's')
    .innerJoin(Account, 'a', 'a.userId = s.userId AND a.epoch = s.epoch AND a.disabledAt IS NULL')
    .where('s.userId = :userId AND s.revokedAt IS NULL', { userId })
    .andWhere('s.expiresAt > :now AND s.lastSeenAt > :now - s.idleMs', { now });
}
