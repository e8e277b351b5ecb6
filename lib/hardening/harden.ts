import type { INestApplication } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { StartUpError } from '../errors/start-up-error.js';
import { Hardening } from './hardening.service.js';

/**
 * Sets up what stands between the network and the routes, by the options `http`, `origins` and `trustedProxyHops` of
 * `AuthModule`: security headers, CORS, allowed hosts, body limits, `trust proxy` and timeouts, on Express and on Fastify
 * (whose adapter takes {@link fastifyOptions} as well). Call it right after `NestFactory.create`. A second call does nothing.
 *
 * @example
 * const app = await NestFactory.create(AppModule);
 * harden(app);
 * await app.listen(3000);
 * @throws StartUpError without `AuthModule` or helmet, after `app.init()`, or beside `app.enableCors()`.
 */
export function harden(app: INestApplication): void {
  hardeningOf(app, 'harden(app)').harden(app);
}

/**
 * Not by `app.get()`: where Nest does not find what it is asked for, it ends the process before anybody can say why.
 *
 * @internal
 */
export function hardeningOf(app: INestApplication, name: string): Hardening {
  const modules = [...app.get(ModulesContainer, { strict: false }).values()];
  const hardening: unknown = modules
    .find(({ providers }) => providers.has(Hardening))
    ?.providers.get(Hardening)?.instance;
  if (hardening instanceof Hardening) return hardening;
  throw new StartUpError(`${name} needs AuthModule.`, ['Import AuthModule.forRoot() into the root module.']);
}
