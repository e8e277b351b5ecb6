'use strict';
const { env } = require('node:process');
require('reflect-metadata');
const { Module } = require('@nestjs/common');
const { TypeOrmModule } = require('@nestjs/typeorm');
const { AuthModule, AuthUser } = require('nestjs-gatehouse');
const { Entity } = require('typeorm');

/** The same as `tsc` makes it for CommonJS. */
const User = class User extends AuthUser {};
Entity('users')(User);

const options = { type: 'better-sqlite3', database: env.DATABASE ?? ':memory:', synchronize: true };

class AppModule {
  onModuleInit() {
    throw new Error('A hook ran.');
  }
}
Module({
  imports: [
    TypeOrmModule.forRoot({ ...options, autoLoadEntities: true }),
    AuthModule.forRoot({ userEntity: User, secret: env.AUTH_SECRET, baseUrl: 'https://api.example.org' }),
  ],
})(AppModule);

exports.AppModule = AppModule;

// Something that a host forgets to end.
require('node:timers').setInterval(() => undefined, 1_000);
