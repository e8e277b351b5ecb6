import 'reflect-metadata';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { NestFactory } from '@nestjs/core';
import { fastifyOptions, harden, StartUpError } from 'nestjs-gatehouse';
import { AppModule } from './app.module.js';
import { Configuration, ConfigurationError } from './configuration.js';
import { serveDocs } from './docs.js';

async function start(): Promise<void> {
  const app = await NestFactory.create(AppModule, await adapter());
  harden(app);
  app.enableShutdownHooks();
  const { host, port, production } = app.get(Configuration);
  if (!production) await serveDocs(app);
  await app.listen(port, host);
  console.log(`Quickstart is running on http://${host}:${port}`);
}

async function adapter(): Promise<AbstractHttpAdapter> {
  if (process.env['HTTP_ADAPTER'] === 'fastify') {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    // The adapter is made before the application: its constructor takes what AuthModule is given later.
    return new FastifyAdapter(fastifyOptions({ trustedProxyHops: Number(process.env['TRUSTED_PROXY_HOPS'] || 0) }));
  }
  const { ExpressAdapter } = await import('@nestjs/platform-express');
  return new ExpressAdapter();
}

start().catch((error: unknown) => {
  const listed = error instanceof ConfigurationError || error instanceof StartUpError;
  console.error(listed ? error.message : error);
  process.exit(1);
});
