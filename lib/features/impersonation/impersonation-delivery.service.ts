import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/principal.js';
import { AuthError } from '../../errors/auth-error.js';
import type { HttpExchange } from '../../http/exchange.decorator.js';
import { Sessions } from '../../sessions/sessions.service.js';
import type { Delivery } from '../../sign-in/delivery.js';
import { SessionDelivery, type SignedIn } from '../../sign-in/session-delivery.js';
import type { CompletedSignIn } from '../../sign-in/sign-in.service.js';
import { AccessTokens } from '../../tokens/access-tokens.service.js';
import type { TokenResponse } from '../../tokens/token-issuer.service.js';
import type { PublicUser } from '../../users/user-directory.js';

/** There is no refresh token: whoever needs longer begins again, and is asked whether he still may. */
export interface ImpersonationTokens extends Omit<TokenResponse, 'refresh_token'> {
  readonly status: 'signed_in';
  readonly user: PublicUser;
}

export type ImpersonationAnswer = SignedIn | ImpersonationTokens;

/** Hands out a session in which somebody else is acted as. */
@Injectable()
export class ImpersonationDelivery {
  constructor(
    private readonly cookies: SessionDelivery,
    private readonly accessTokens: AccessTokens,
    private readonly sessions: Sessions,
  ) {}

  /** Default: the way in which the administrator came. Throws `VALIDATION_FAILED` (400) for a cookie beside a token. */
  wayOf({ via }: Principal, asked: Delivery | undefined): Delivery {
    const own: Delivery = via === 'session' ? 'cookie' : 'tokens';
    if (asked !== 'cookie' || own === 'cookie') return asked ?? own;
    const message = 'A cookie takes the place of a cookie: there is none.';
    throw new AuthError('VALIDATION_FAILED', { details: [{ field: 'deliver', rule: 'oneOf', message }] });
  }

  async answer(
    deliver: Delivery,
    { request, response }: Pick<HttpExchange, 'request' | 'response'>,
    begun: CompletedSignIn,
  ): Promise<ImpersonationAnswer> {
    return deliver === 'cookie' ? this.cookies.deliverImpersonated(request, response, begun) : this.token(begun);
  }

  /** When signing fails, such as in the application's hook, nothing is left behind: the session ends. */
  private async token({ user, session }: CompletedSignIn): Promise<ImpersonationTokens> {
    const { roles, emailVerified } = user;
    const subject = {
      ...session,
      sessionId: session.id,
      sessionExpiresAt: session.expiresAt,
      roles,
      emailVerified,
    };
    const scopes = session.scopes ?? [];
    try {
      const { token, expiresIn } = await this.accessTokens.sign(subject, scopes);
      return {
        status: 'signed_in',
        user,
        access_token: token,
        token_type: 'Bearer',
        expires_in: expiresIn,
        scope: scopes.join(' '),
      };
    } catch (error) {
      const details = { reason: 'not-delivered' };
      await this.sessions.revokeBySid(session.userId, session.sid, { type: 'session.ended', details });
      throw error;
    }
  }
}
