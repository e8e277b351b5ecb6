import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { joinMethods } from '../common/authentication-methods.js';
import { Clock } from '../common/clock.js';
import { randomToken, uuidv7 } from '../common/random.js';
import { AuthSettings } from '../options/auth-settings.js';
import { lockAccount } from '../users/account-epoch.js';
import { accountIsGood } from '../users/account-is-good.js';
import { Account } from '../users/account.entity.js';
import { LoginSession } from './login-session.entity.js';

export interface RenewalRequest {
  readonly userId: string;
  /** Public id of the session that is to be replaced. */
  readonly sessionId: string;
  /** RFC 8176 name of what has just been proven: it joins the methods and makes the session fresh. */
  readonly method?: string;
}

/** Replaces a session by one with a new id, for whatever changes what a session is worth (ASVS 5.0 V7.2.4). */
@Injectable()
export class SessionRenewal {
  constructor(
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * Inside `Database.write` and `SessionCache.change`, as the first statements: ends the session, lets `change` run, and
   * inserts the successor with the same absolute end, device, remember-me and CSRF seed, and the account's epoch of then.
   * `undefined` when the session has ended: `change` did not run.
   */
  async renew(
    manager: EntityManager,
    request: RenewalRequest,
    change: () => Promise<void> = () => Promise.resolve(),
  ): Promise<LoginSession | undefined> {
    // A statement that waits for nothing would still see the epoch from before a reset that is about to commit.
    if (!(await lockAccount(manager, request.userId))) return undefined;
    if (!(await this.end(manager, request))) return undefined;
    const old = await manager.findOneByOrFail(LoginSession, { id: request.sessionId });
    await change();
    const { epoch } = await manager.findOneByOrFail(Account, { userId: request.userId });
    const successor = this.successorOf(old, epoch, request.method);
    await manager.insert(LoginSession, successor);
    return successor;
  }

  private async end(manager: EntityManager, { userId, sessionId }: RenewalRequest): Promise<boolean> {
    const now = this.clock.now();
    const { affected } = await manager
      .createQueryBuilder()
      .update(LoginSession)
      .set({ revokedAt: now })
      .where('id = :sessionId AND userId = :userId AND revokedAt IS NULL', { sessionId, userId })
      .andWhere('impersonatorId IS NULL')
      .andWhere('expiresAt > :now AND lastSeenAt > :now - idleMs', { now })
      .andWhere(accountIsGood(manager, LoginSession))
      .execute();
    return affected === 1;
  }

  private successorOf(old: LoginSession, epoch: number, method: string | undefined): LoginSession {
    const now = this.clock.now();
    const proven =
      method === undefined
        ? {}
        : {
            methods: [...joinMethods(old.methods, method)],
            authenticatedAt: now,
            freshUntil: now + this.settings.sessions.freshMs,
          };
    return Object.assign(new LoginSession(), old, proven, {
      id: uuidv7(now),
      sid: randomToken(),
      epoch,
      createdAt: now,
      lastSeenAt: now,
      generation: old.generation === null ? null : 0,
      rotatedAt: null,
      revokedAt: null,
    });
  }
}
