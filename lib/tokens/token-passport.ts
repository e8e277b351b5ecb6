import { Injectable } from '@nestjs/common';
import passport, { type AuthenticateCallback } from 'passport';
import { EdDsaStrategy } from './eddsa.strategy.js';
import type { TokenRequest } from './token-request.js';

const JWT = 'jwt';
const EDDSA = 'eddsa';

/**
 * Verifies signatures with passport-jwt on a Passport of its own: the registry that applications and other modules share
 * is process-wide, and two strategies of one name overwrite each other there. Claims are left to the rules of the caller:
 * they hold for every algorithm alike and know the injected clock.
 */
@Injectable()
export class TokenPassport {
  private readonly passport = new passport.Passport();
  private loaded: Promise<void> | undefined;

  constructor() {
    this.passport.use(EDDSA, new EdDsaStrategy());
  }

  /** Whether the key signed the token. */
  async verify(request: TokenRequest): Promise<boolean> {
    const isEdDsa = request.key.algorithm === 'EdDSA';
    if (!isEdDsa) await (this.loaded ??= this.useJwt());
    return new Promise((resolve, reject) => {
      const answered: AuthenticateCallback = (error: Error | null, good) => {
        if (error !== null) reject(error);
        else resolve(Boolean(good));
      };
      const strategy = isEdDsa ? EDDSA : JWT;
      const middleware = this.passport.authenticate(strategy, { session: false }, answered) as Middleware;
      middleware(request, undefined, reject);
    });
  }

  /** With the first token: an application that has none yet need not wait for the package at its start. */
  private async useJwt(): Promise<void> {
    const { Strategy: JwtStrategy } = await import('passport-jwt');
    const jwt = new JwtStrategy(
      {
        jwtFromRequest: (request) => (request as unknown as TokenRequest).token,
        secretOrKeyProvider: (request, _token, done) => done(null, keyOf(request) as unknown as string),
        algorithms: ['HS256', 'RS256', 'ES256'],
        // passport-jwt heeds the first here alone, and the second there alone.
        ignoreExpiration: true,
        jsonWebTokenOptions: { ignoreNotBefore: true },
      },
      (_claims: unknown, done: (error: unknown, good: boolean) => void) => done(null, true),
    );
    this.passport.use(JWT, jwt);
  }
}

type Middleware = (request: object, response: unknown, next: (error: unknown) => void) => void;

function keyOf(request: unknown): TokenRequest['key']['verifyKey'] {
  return (request as TokenRequest).key.verifyKey;
}
