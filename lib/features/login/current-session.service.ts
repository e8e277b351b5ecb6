import { Injectable } from '@nestjs/common';
import { CookieSessionReader } from '../../access/cookie-session-reader.js';
import { CsrfProtection } from '../../access/csrf-protection.js';
import type { Principal } from '../../common/principal.js';
import { UserDirectory, type PublicUser } from '../../users/user-directory.js';

/** The answer of `GET /session`. Times are ISO 8601. */
export type SessionState =
  | { readonly user: null }
  | {
      readonly user: PublicUser;
      readonly csrfToken?: string;
      readonly expiresAt: string;
      readonly freshUntil: string;
      readonly methods: readonly string[];
      /** The administrator who acts as the user: pages show it. */
      readonly impersonator?: { readonly id: string };
    };

/** What a page asks for at its start. */
@Injectable()
export class CurrentSession {
  constructor(
    private readonly users: UserDirectory,
    private readonly sessions: CookieSessionReader,
    private readonly csrf: CsrfProtection,
  ) {}

  async describe(principal: Principal | undefined): Promise<SessionState> {
    const user = principal === undefined ? undefined : await this.users.publicUser(principal.userId);
    if (principal === undefined || user === undefined) return { user: null };
    const session = this.sessions.sessionOf(principal);
    return {
      user,
      ...(session === undefined ? {} : { csrfToken: this.csrf.csrfToken(session.csrfSeed) }),
      expiresAt: principal.expiresAt.toISOString(),
      freshUntil: principal.freshUntil.toISOString(),
      methods: principal.methods,
      ...(principal.impersonatorId === undefined ? {} : { impersonator: { id: principal.impersonatorId } }),
    };
  }
}
