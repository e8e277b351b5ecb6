import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { Entity } from 'typeorm';
import { AuthModule, AuthUser, Clock, PasswordHasher, StateStore } from '../../dist/index.js';
import { AuthSettings } from '../../dist/options/auth-settings.js';
import { createStateStore } from '../../dist/store/state-store.provider.js';
import { FastPasswordHasher } from '../../dist/testing/index.js';
import { stepDatabase, stepping, stepRequests } from './kill-steps.mjs';

/** A real application, as it is built, that dies of its own hand at a given step of a request. */
const { DATABASE_URL, REDIS_URL, AUTH_SECRET, SYNCHRONIZE } = process.env;

const User = class User extends AuthUser {};
Entity('users')(User);

const AppModule = class AppModule {};
Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: DATABASE_URL,
      autoLoadEntities: true,
      synchronize: SYNCHRONIZE === 'yes',
      retryAttempts: 0,
    }),
    AuthModule.forRoot({
      userEntity: User,
      secret: AUTH_SECRET,
      baseUrl: 'http://127.0.0.1:3000',
      environment: 'test',
      redis: { url: REDIS_URL },
      rateLimits: { multiplier: 1_000_000 },
      emailVerification: 'off',
      jobs: 'manual',
      tokens: { refreshGrace: '60s' },
      overrides: [
        {
          provide: StateStore,
          useFactory: async (settings, clock) =>
            stepping(await createStateStore(settings, clock), 'store', ['connectedAt']),
          inject: [AuthSettings, Clock],
        },
        { provide: PasswordHasher, useClass: FastPasswordHasher },
      ],
    }),
  ],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error'] });
stepDatabase(app.get(getDataSourceToken()));
app.use(stepRequests);
await app.listen(0, '127.0.0.1');
writeSync(1, `READY ${await app.getUrl()}\n`);
