import 'reflect-metadata';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NestFactory } from '@nestjs/core';
import { harden, StartUpError } from 'nestjs-gatehouse';
import { AppModule } from './app.module.js';
import { Configuration, ConfigurationError } from './configuration.js';

async function start(): Promise<void> {
  const app = await NestFactory.create(AppModule);
  const { instance, host, port } = app.get(Configuration);
  // Security headers, CORS, hosts, body limits and `trust proxy`, by the options of AuthModule.
  harden(app);
  app.use((_request: IncomingMessage, response: ServerResponse, next: () => void) => {
    response.setHeader('X-Instance', instance);
    next();
  });
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
