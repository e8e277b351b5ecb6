import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule, AuthUser, PasswordHasher } from 'nestjs-gatehouse';
import { FastPasswordHasher } from 'nestjs-gatehouse/testing';
import { Entity } from 'typeorm';

/** The root module of a small application, whose hooks say when they run: the command line must not let them. */
const User = class User extends AuthUser {};
Entity('users')(User);

class HostWork {
  onModuleInit() {
    console.log('HOOK');
  }

  onApplicationBootstrap() {
    console.log('HOOK');
  }

  beforeApplicationShutdown() {
    console.log('HOOK');
  }

  onModuleDestroy() {
    console.log('HOOK');
  }
}

export class AppModule {}
Module({
  imports: [
    TypeOrmModule.forRoot({ type: 'better-sqlite3', database: process.env.DATABASE_FILE, autoLoadEntities: true }),
    AuthModule.forRoot({
      userEntity: User,
      secret: process.env.AUTH_SECRET,
      baseUrl: 'http://127.0.0.1:3000',
      environment: 'test',
      emailVerification: 'off',
      overrides: [{ provide: PasswordHasher, useClass: FastPasswordHasher }],
    }),
  ],
  providers: [HostWork],
})(AppModule);
