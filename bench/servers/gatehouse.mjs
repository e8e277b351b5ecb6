import { Controller, Get, UseGuards } from '@nestjs/common';
import { Public } from 'nestjs-gatehouse';
// A limit of ours on a route that does nothing else: the package has no such route.
import { AuthThrottlerGuard, RateLimit } from '../../dist/internals.js';
import { bearerOf, cookieOf, gatehouse } from '../lib/gatehouse.mjs';
import { decorate, helloController } from '../lib/nest.mjs';

async function bearer(settings, checking) {
  const auth = { tokens: { checking } };
  const { app, url } = await gatehouse({ ...settings, auth }, { controllers: [helloController()] });
  const { access } = await bearerOf(url);
  return {
    app,
    url,
    headers: { authorization: `Bearer ${access}` },
    wrong: { authorization: `Bearer ${access.slice(0, -4)}AAAA` },
  };
}

async function cookie(settings) {
  const { app, url } = await gatehouse(settings, { controllers: [helloController()] });
  const pair = await cookieOf(url);
  return { app, url, headers: { cookie: pair }, wrong: { cookie: `${pair.slice(0, -4)}AAAA` } };
}

async function limited(settings) {
  class LimitedController {
    hello() {
      return { hello: 'world' };
    }
  }
  Controller()(LimitedController);
  decorate(LimitedController, 'hello', Get('hello'), Public(), UseGuards(AuthThrottlerGuard), RateLimit('anonymous'));
  const { app, url } = await gatehouse(settings, { inside: [LimitedController] });
  return { app, url: `${url}/auth`, headers: {}, wrong: {} };
}

const inMemory = ({ adapter }) => ({ adapter });

export const contestants = {
  open: (settings) => gatehouse(settings, { controllers: [helloController(Public())] }),
  signature: (settings) => bearer(settings, 'signature'),
  bearer: (settings) => bearer(settings, 'session'),
  cookie,
  limited,
  limitedInMemory: (settings) => limited(inMemory(settings)),
};
