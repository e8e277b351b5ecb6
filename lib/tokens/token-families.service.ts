import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Database } from '../database/database.js';
import { liveSessions } from '../sessions/live-sessions.query.js';
import { LoginSession } from '../sessions/login-session.entity.js';
import { accountIsGood } from '../users/account-is-good.js';
import type { RefreshReference } from './refresh-tokens.js';

/** What the database says of the refresh tokens of a live session. */
export interface FamilyState {
  /** Public id of the session. */
  readonly id: string;
  readonly generation: number;
  /** Epoch ms of the latest rotation; `null` before the first. */
  readonly rotatedAt: number | null;
  readonly ip: string;
  readonly userAgent: string;
}

/** The refresh tokens of one session: a number in its row. */
@Injectable()
export class TokenFamilies {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** `undefined` for a session that is unknown, revoked, over, of another epoch or of a disabled account. */
  async read({ userId, sid }: RefreshReference): Promise<FamilyState | undefined> {
    const session = await this.database.read((manager) =>
      liveSessions(manager, userId, this.clock.now()).andWhere('s.sid = :sid', { sid }).getOne(),
    );
    if (session === null || session.generation === null) return undefined;
    const { id, generation, rotatedAt, ip, userAgent } = session;
    return { id, generation, rotatedAt, ip, userAgent };
  }

  /**
   * Makes the next generation current, in one statement that holds every condition: of any number of callers at once one
   * succeeds, and a session that has just been revoked, or whose account has just been disabled, rotates for nobody.
   */
  async rotate({ userId, sid, generation }: RefreshReference): Promise<boolean> {
    const now = this.clock.now();
    // In a transaction, so that a statement that is carried out after its caller was told 503 is taken back: applied late,
    // it would make a thief of the client that tries again.
    const { affected } = await this.database.write((manager) =>
      manager
        .createQueryBuilder()
        .update(LoginSession)
        .set({ generation: generation + 1, rotatedAt: now, lastSeenAt: now })
        .where('sid = :sid AND userId = :userId AND generation = :generation', { sid, userId, generation })
        .andWhere('revokedAt IS NULL AND expiresAt > :now AND lastSeenAt > :now - idleMs', { now })
        .andWhere(accountIsGood(manager, LoginSession))
        .execute(),
    );
    return affected === 1;
  }
}
