import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { durationMs, type Duration } from '../../common/duration.js';
import type { Principal } from '../../common/principal.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { liveSessions } from '../../sessions/live-sessions.query.js';
import { normalPath, TOKEN_PARAMETER } from './resource-path.js';
import { ResourceTokenText } from './resource-token-text.js';

export interface ResourceLinkOptions {
  /** Default `resourceTokens.ttl`; at most `'1h'`. */
  readonly ttl?: Duration;
}

/** A link to one protected path. */
export interface ResourceLink {
  readonly token: string;
  /** The path with the token, for `href` and `src`. */
  readonly url: string;
  readonly expiresAt: Date;
}

const LONGEST_MS = 3_600_000;

/**
 * Short-lived links to protected files, for what sends no header: `<img>`, `<video>`, a download. A token is good for one
 * user, one path, GET and HEAD, where `@Auth({ resource: true })` says so, and ends with the session it was made in.
 */
@Injectable()
export class ResourceTokens {
  /** Sessions of principals of a request: a page with many links asks once. */
  private readonly sessions = new WeakMap<Principal, Promise<string | undefined>>();

  constructor(
    private readonly database: Database,
    private readonly text: ResourceTokenText,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * A link for this principal to a path of this application, as the request for it will name it, global prefix included.
   *
   * @throws AuthError `VALIDATION_FAILED` (400) for a path that is not plain (dots, double slashes, a query);
   * `FORBIDDEN` (403) for a principal without a login session, such as an API key; `NOT_AUTHENTICATED` (401) when the session
   * has ended
   * @example
   * const { url } = await this.resourceTokens.issue(who, `/files/${file.id}`);
   */
  async issue(principal: Principal, path: string, { ttl }: ResourceLinkOptions = {}): Promise<ResourceLink> {
    const { userId, via } = principal;
    if (via !== 'session' && via !== 'bearer') throw new AuthError('FORBIDDEN');
    const normal = normalPath(path);
    if (normal === undefined) throw invalid('path', 'This is no plain path of this application.');
    const ttlMs = ttl === undefined ? this.settings.resourceTokens.ttlMs : durationMs(ttl);
    if (ttlMs === undefined || ttlMs <= 0 || ttlMs > LONGEST_MS) throw invalid('ttl', "This is not up to '1h'.");
    const sid = await this.sidOf(principal);
    if (sid === undefined) throw new AuthError('NOT_AUTHENTICATED');
    const expiresAt = Math.min(this.clock.now() + ttlMs, principal.expiresAt.getTime());
    const token = this.text.sign({ userId, sid, expiresAt }, normal);
    return { token, url: `${normal}?${TOKEN_PARAMETER}=${token}`, expiresAt: new Date(expiresAt) };
  }

  private sidOf(principal: Principal): Promise<string | undefined> {
    const known = this.sessions.get(principal);
    if (known !== undefined) return known;
    const { userId, sessionId } = principal;
    const asked = this.database.read(async (manager) => {
      const row = await liveSessions(manager, userId, this.clock.now())
        .select('s.sid', 'sid')
        .andWhere('s.id = :sessionId', { sessionId })
        .getRawOne<{ sid: string }>();
      return row?.sid;
    });
    this.sessions.set(principal, asked);
    return asked;
  }
}

function invalid(field: string, message: string): AuthError {
  return new AuthError('VALIDATION_FAILED', { details: [{ field, rule: 'format', message }] });
}
