import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Entity } from 'typeorm';
import { AuthModule, AuthUser } from '../../../dist/index.js';

/** A real application, as it is built, that says how many requests have reached it. */
const { ADAPTER, DATABASE_URL, REDIS_URL, AUTH_SECRET } = process.env;

const User = class User extends AuthUser {};
Entity('users')(User);

const AppModule = class AppModule {};
Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: DATABASE_URL,
      autoLoadEntities: true,
      synchronize: true,
      retryAttempts: 0,
      extra: { application_name: 'ending' },
    }),
    AuthModule.forRoot({
      userEntity: User,
      secret: AUTH_SECRET,
      baseUrl: 'http://127.0.0.1:3000',
      environment: 'test',
      redis: { url: REDIS_URL, commandTimeout: '5s' },
      rateLimits: { multiplier: 1_000_000 },
      emailVerification: 'off',
      jobs: 'manual',
      passwords: { cost: 10 },
    }),
  ],
})(AppModule);

// A connection whose last answer came after the signal is closed when it has been idle for so long: Node says 5 s, Fastify 72.
const adapter = ADAPTER === 'fastify' ? new FastifyAdapter({ keepAliveTimeout: 1_000 }) : new ExpressAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: ['error'] });
app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
app.getHttpServer().keepAliveTimeout = 1_000;
let arrived = 0;
app.getHttpServer().prependListener('request', () => writeSync(1, `ARRIVED ${(arrived += 1)}\n`));
await app.listen(0, '127.0.0.1');
writeSync(1, `READY ${(await app.getUrl()).replace('[::1]', '127.0.0.1')}\n`);
