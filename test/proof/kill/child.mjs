import 'reflect-metadata';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { Entity } from 'typeorm';
import {
  Accounts,
  Auth,
  AuthModule,
  AuthUser,
  Clock,
  Jobs,
  MailTransport,
  oidc,
  smtp,
  StateStore,
} from '../../../dist/index.js';
import { AuthSettings, createStateStore } from '../../../dist/internals.js';
import { stepDatabase, stepping, stepRequests } from './steps.mjs';

/** A real application, as it is built, with all that signs people in, that dies of its own hand at a step of a request. */
const { DATABASE_URL, REDIS_URL, SMTP_URL, ISSUER, CLIENT_ID, CLIENT_SECRET, AUTH_SECRET, SYNCHRONIZE } = process.env;

const User = class User extends AuthUser {};
Entity('users')(User);

const Notes = class Notes {
  list() {
    return { items: [] };
  }
};
for (const decorate of [Get(), Auth()]) {
  decorate(Notes.prototype, 'list', Object.getOwnPropertyDescriptor(Notes.prototype, 'list'));
}
Controller('notes')(Notes);

const AppModule = class AppModule {};
Module({
  controllers: [Notes],
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
      baseUrl: 'http://localhost:3000',
      environment: 'test',
      trustedProxyHops: 1,
      // Ends come from outside here, never from a busy machine.
      redis: { url: REDIS_URL, commandTimeout: '5s' },
      database: { timeout: '15s' },
      rateLimits: { multiplier: 1_000_000 },
      passwords: { cost: 4 },
      tokens: { refreshGrace: '60s' },
      mail: smtp({ url: SMTP_URL, from: 'no-reply@example.com' }),
      oauth: { providers: { hostile: oidc({ issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET }) } },
      overrides: [
        {
          provide: StateStore,
          useFactory: async (settings, clock) =>
            stepping(await createStateStore(settings, clock), 'store', ['connectedAt']),
          inject: [AuthSettings, Clock],
        },
      ],
    }),
  ],
})(AppModule);

/** What a test needs that has no route: verified accounts, and the outbox at once instead of at its next turn. */
async function backstage(app, request, response, next) {
  if (request.url === '/work') {
    const done = await app.get(Jobs, { strict: false }).run('outbox');
    return response.end(String(done));
  }
  if (!request.url.startsWith('/people?')) return next();
  const { email, password, role } = Object.fromEntries(new URLSearchParams(request.url.slice('/people?'.length)));
  const roles = role === undefined ? [] : [role];
  const user = await app.get(Accounts, { strict: false }).create({ email, password, roles, emailVerified: true });
  return response.end(user.id);
}

// Everything is loaded beforehand, so that the next process is up at once when this one has died.
const called = once(process, 'SIGUSR2');
const alive = setInterval(() => undefined, 60_000);
writeSync(1, 'LOADED\n');
await called;
clearInterval(alive);

const app = await NestFactory.create(AppModule, { logger: ['error'] });
const transport = app.get(MailTransport, { strict: false });
const { send } = stepping(transport, 'mail');
transport.send = send;
stepDatabase(app.get(getDataSourceToken()));
app.use(stepRequests);
app.use((request, response, next) => void backstage(app, request, response, next).catch(next));
await app.listen(0, '127.0.0.1');
writeSync(1, `READY ${await app.getUrl()}\n`);
