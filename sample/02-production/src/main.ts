import 'reflect-metadata';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { StartUpError } from 'nestjs-gatehouse';
import { AppModule } from './app.module.js';
import { Configuration, ConfigurationError } from './configuration.js';

async function start(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule);
  const { instance, host, port, origins, trustedProxyHops } = app.get(Configuration);
  // The same number that Gatehouse counts, for code of the application that asks Express for `req.ip`.
  app.set('trust proxy', trustedProxyHops);
  app.disable('x-powered-by');
  app.use((_request: IncomingMessage, response: ServerResponse, next: () => void) => {
    response.setHeader('X-Instance', instance);
    next();
  });
  // The pages that Gatehouse lets call with cookies, and no others.
  if (origins.length > 0) app.enableCors({ origin: [...origins], credentials: true });
  // On SIGTERM: no new connection, requests in flight end, then the connections to Redis and PostgreSQL close.
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  await app.listen(port, host);
  console.log(`${instance} is listening on ${await app.getUrl()}`);
}

start().catch((error: unknown) => {
  const listed = error instanceof ConfigurationError || error instanceof StartUpError;
  console.error(listed ? error.message : error);
  process.exit(1);
});
