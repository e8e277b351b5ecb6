import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Database } from '../../database/database.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { liveSessions } from '../../sessions/live-sessions.query.js';
import type { SessionReference } from '../../sessions/session-cookie.js';
import type { Exchanged } from './exchanged.js';

export interface FederatedArrival {
  readonly userId: string;
  /** Whether the account has been made just now: there was nothing of it that anybody could have left open. */
  readonly isNew: boolean;
  readonly found: Exchanged;
  /** What the browser holds, live or not. */
  readonly session: SessionReference | undefined;
}

/**
 * How fresh a session is that begins with a provider. Whoever is signed in there is sent back without being asked for
 * anything: that must not pass for a proof of today, or whoever finds an open browser makes its session fresh.
 */
@Injectable()
export class FederatedFreshness {
  constructor(
    private readonly database: Database,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /** Epoch ms. As fresh as the proof at the provider; where it does not say when that was, no fresher than the session. */
  async until({ userId, isNew, found: { authenticatedAt }, session }: FederatedArrival): Promise<number> {
    const now = this.clock.now();
    const { freshMs } = this.settings.sessions;
    if (isNew) return now + freshMs;
    if (authenticatedAt !== undefined) return Math.min(now, authenticatedAt) + freshMs;
    const held = session?.userId === userId ? await this.freshUntilOf(session, now) : undefined;
    return Math.min(held ?? Infinity, now + freshMs);
  }

  /** `undefined`: the session is not live. */
  private async freshUntilOf({ userId, sid }: SessionReference, now: number): Promise<number | undefined> {
    const live = await this.database.read((manager) =>
      liveSessions(manager, userId, now).andWhere('s.sid = :sid', { sid }).getOne(),
    );
    return live?.freshUntil;
  }
}
