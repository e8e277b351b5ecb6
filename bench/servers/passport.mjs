import { createSecretKey } from 'node:crypto';
import { Injectable, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import jsonwebtoken from 'jsonwebtoken';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { helloController, listen, rootModule } from '../lib/nest.mjs';

const SECRET = 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC';

/** As the documentation of Nest and most tutorials wire it. `secretOrKey` is all that differs. */
async function passport({ adapter }, secretOrKey) {
  class JwtStrategy extends PassportStrategy(Strategy) {
    constructor() {
      super({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), ignoreExpiration: false, secretOrKey });
    }

    async validate({ sub, username }) {
      return { userId: sub, username };
    }
  }
  Injectable()(JwtStrategy);
  const module = rootModule({
    imports: [PassportModule],
    providers: [JwtStrategy],
    controllers: [helloController(UseGuards(AuthGuard('jwt')))],
  });
  const token = jsonwebtoken.sign({ sub: '1', username: 'ada' }, SECRET, { expiresIn: '60m' });
  return {
    ...(await listen(module, adapter)),
    headers: { authorization: `Bearer ${token}` },
    wrong: { authorization: `Bearer ${token.slice(0, -4)}AAAA` },
  };
}

export const contestants = {
  tutorial: (settings) => passport(settings, SECRET),
  keyObject: (settings) => passport(settings, createSecretKey(Buffer.from(SECRET))),
};
