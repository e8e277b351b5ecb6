/** Everything a request needs to know of a login session, its account and its roles. Cached for up to 60 s. */
export interface LiveSession {
  readonly id: string;
  readonly sid: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly idleMs: number;
  readonly expiresAt: number;
  readonly authenticatedAt: number;
  readonly freshUntil: number;
  readonly methods: readonly string[];
  readonly remember: boolean;
  readonly csrfSeed: string;
  /** Scopes granted to its tokens; `null` for a cookie session. */
  readonly scopes: readonly string[] | null;
  readonly roles: readonly string[];
  readonly emailVerified: boolean;
  /** The administrator who acts as the user in it. */
  readonly impersonatorId: string | null;
}

/** Whether the session is inside its idle and absolute life at this moment. */
export function isWithinLife(session: LiveSession, now: number): boolean {
  return now < session.expiresAt && now < session.lastSeenAt + session.idleMs;
}
