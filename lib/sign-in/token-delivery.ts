import { Injectable } from '@nestjs/common';
import type { WithHeaders } from '../cookies/cookie-jar.js';
import { Sessions } from '../sessions/sessions.service.js';
import { TokenIssuer, type TokenResponse } from '../tokens/token-issuer.service.js';
import type { CompletedSignIn } from './sign-in.service.js';
import { SessionDelivery } from './session-delivery.js';

/** The answer of a completed sign-in in token delivery. */
export interface IssuedTokens extends TokenResponse {
  /** For clients without a cookie jar: sent with the next sign-in, it keeps failures of strangers from locking this one out. */
  readonly device_token: string;
}

/** Hands a session to an application or a service, as tokens. */
@Injectable()
export class TokenDelivery {
  constructor(
    private readonly issuer: TokenIssuer,
    private readonly sessions: Sessions,
    private readonly delivery: SessionDelivery,
  ) {}

  /** When signing fails, such as in the application's hook, nothing is left behind: the session ends. */
  async deliver(
    request: WithHeaders,
    response: unknown,
    completed: CompletedSignIn,
    deviceToken?: string,
  ): Promise<IssuedTokens> {
    const { session, user } = completed;
    const subject = {
      ...session,
      sessionId: session.id,
      sessionExpiresAt: session.expiresAt,
      roles: user.roles,
      emailVerified: user.emailVerified,
    };
    try {
      const pair = await this.issuer.sign(subject, session.scopes ?? []);
      this.delivery.rememberDevice(request, response, session.userId);
      return { ...pair.withGeneration(0), device_token: this.delivery.deviceToken(session.userId, deviceToken) };
    } catch (error) {
      const details = { reason: 'not-delivered' };
      await this.sessions.revokeBySid(session.userId, session.sid, { type: 'session.ended', details });
      throw error;
    }
  }
}
