import { Controller, ForbiddenException, HttpCode, Post, Req, UnauthorizedException, UseGuards } from '@nestjs/common';
import { RedisStore } from 'connect-redis';
import session from 'express-session';
import { createClient } from 'redis';
import { decorate, helloController, listen, rootModule } from '../lib/nest.mjs';

class SessionGuard {
  canActivate(context) {
    if (context.switchToHttp().getRequest().session.userId === undefined) throw new UnauthorizedException();
    return true;
  }
}

class LoginController {
  login(request) {
    request.session.userId = 1;
    return new Promise((resolve, reject) =>
      request.session.save((error) => (error ? reject(new ForbiddenException()) : resolve({ status: 'signed-in' }))),
    );
  }
}

async function expressSession({ adapter, redis }) {
  Controller()(LoginController);
  Req()(LoginController.prototype, 'login', 0);
  decorate(LoginController, 'login', Post('login'), HttpCode(200));
  const client = createClient({ url: redis });
  await client.connect();
  const module = rootModule({ controllers: [helloController(UseGuards(SessionGuard)), LoginController] });
  const { app, url } = await listen(module, adapter, {
    before: (nest) =>
      nest.use(
        session({
          store: new RedisStore({ client }),
          secret: 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC',
          resave: false,
          saveUninitialized: false,
        }),
      ),
  });
  const answer = await fetch(`${url}/login`, { method: 'POST' });
  const cookie = answer.headers.getSetCookie()[0].split(';')[0];
  return { app, url, headers: { cookie }, wrong: { cookie: `${cookie.slice(0, -4)}AAAA` } };
}

export const contestants = { redis: expressSession };
