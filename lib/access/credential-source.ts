import type { Principal } from '../common/principal.js';

/** What Express and Fastify requests, bare Node requests and socket.io handshakes have in common. */
export interface AuthRequest {
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The Node request behind a Fastify request. */
  readonly raw?: unknown;
  readonly socket?: unknown;
}

export type SessionReading =
  /** No session cookie, or one that does not verify. */
  | { readonly status: 'none' }
  /** A cookie of ours whose session has ended. */
  | { readonly status: 'dead' }
  | { readonly status: 'live'; readonly principal: Principal; readonly csrf: { readonly seed: string } };

/** Who the session cookie of a request is from. Reads; neither sets nor clears a cookie. */
export abstract class SessionReader {
  abstract fromCookie(request: AuthRequest): Promise<SessionReading>;
}
