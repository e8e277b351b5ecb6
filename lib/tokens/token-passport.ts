import { Injectable } from '@nestjs/common';
import passport, { type AuthenticateCallback } from 'passport';
import { Strategy as JwtStrategy } from 'passport-jwt';
import { AuthSettings } from '../options/auth-settings.js';
import { EdDsaStrategy } from './eddsa.strategy.js';
import type { JsonObject } from './jws.js';
import type { TokenRequest } from './token-request.js';

const JWT = 'jwt';
const EDDSA = 'eddsa';

/**
 * Verifies signatures with passport-jwt on a Passport of its own: the registry that applications and other modules share
 * is process-wide, and two strategies of one name overwrite each other there. Times are left to the rules of the caller,
 * which know the injected clock.
 */
@Injectable()
export class TokenPassport {
  private readonly passport = new passport.Passport();

  constructor({ tokens: { issuer, audience } }: AuthSettings) {
    const jwt = new JwtStrategy(
      {
        jwtFromRequest: (request) => (request as unknown as TokenRequest).token,
        secretOrKeyProvider: (request, _token, done) => done(null, keyOf(request) as unknown as string),
        algorithms: ['HS256', 'RS256', 'ES256'],
        issuer,
        audience,
        jsonWebTokenOptions: { ignoreExpiration: true, ignoreNotBefore: true },
      },
      (claims: unknown, done: (error: unknown, claims: unknown) => void) => done(null, claims),
    );
    this.passport.use(JWT, jwt);
    this.passport.use(EDDSA, new EdDsaStrategy());
  }

  /** The claims of a token that the key signed for this issuer and audience; `undefined` for any other. */
  verify(request: TokenRequest): Promise<JsonObject | undefined> {
    return new Promise((resolve, reject) => {
      const answered: AuthenticateCallback = (error: unknown, claims) => {
        if (error) reject(error as Error);
        else resolve(typeof claims === 'object' && claims !== null ? (claims as JsonObject) : undefined);
      };
      const strategy = request.key.algorithm === 'EdDSA' ? EDDSA : JWT;
      const middleware = this.passport.authenticate(strategy, { session: false }, answered) as Middleware;
      middleware(request, undefined, reject);
    });
  }
}

type Middleware = (request: object, response: unknown, next: (error: unknown) => void) => void;

function keyOf(request: unknown): TokenRequest['key']['verifyKey'] {
  return (request as TokenRequest).key.verifyKey;
}
