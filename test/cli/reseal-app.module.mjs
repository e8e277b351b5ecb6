import 'reflect-metadata';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Auth, AuthModule, AuthUser, PasswordHasher } from 'nestjs-gatehouse';
import { FastPasswordHasher } from 'nestjs-gatehouse/testing';
import { Entity } from 'typeorm';

/** The root module of an application whose secret is changed: what its instances start, and what the command line loads. */
const { DATABASE_URL, REDIS_URL, ISSUER, AUTH_SECRET, AUTH_ACCEPTED = '[]', SYNCHRONIZE } = process.env;

const User = class User extends AuthUser {};
Entity('users')(User);

/** A host's own guarded routes. */
class PagesController {
  read() {
    return {};
  }

  change() {
    return {};
  }
}
Controller('pages')(PagesController);
for (const [name, method] of [
  ['read', Get],
  ['change', Post],
]) {
  const handler = Object.getOwnPropertyDescriptor(PagesController.prototype, name);
  for (const decorate of [method('mine'), Auth()]) decorate(PagesController.prototype, name, handler);
}

/** What the command line must never run. */
class HostWork {
  onModuleInit() {
    console.log('HOOK onModuleInit');
  }

  onApplicationBootstrap() {
    console.log('HOOK onApplicationBootstrap');
  }
}

export class AppModule {}
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
      acceptedSecrets: JSON.parse(AUTH_ACCEPTED),
      baseUrl: 'http://127.0.0.1:3000',
      environment: 'test',
      emailVerification: 'off',
      jobs: 'manual',
      cookies: { xsrfCookie: true },
      // A busy machine is not the subject.
      redis: { url: REDIS_URL, commandTimeout: '15s' },
      database: { timeout: '15s' },
      rateLimits: { multiplier: 1_000_000 },
      tokens: { issuer: ISSUER, audience: ISSUER },
      overrides: [{ provide: PasswordHasher, useClass: FastPasswordHasher }],
    }),
  ],
  controllers: [PagesController],
  providers: [HostWork],
})(AppModule);
