import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule, AuthUser } from 'nestjs-gatehouse';
import { Entity } from 'typeorm';

/** The root module of an application as `tsc` makes it for ESM, for the doctor to look at. */
const User = class User extends AuthUser {};
Entity('users')(User);

const options = { type: 'better-sqlite3', database: process.env.DATABASE ?? ':memory:', synchronize: true };

export class AppModule {
  onModuleInit() {
    throw new Error('A hook ran.');
  }
}
Module({
  imports: [
    TypeOrmModule.forRoot({ ...options, autoLoadEntities: true }),
    AuthModule.forRoot({ userEntity: User, secret: process.env.AUTH_SECRET, baseUrl: 'https://api.example.org' }),
  ],
})(AppModule);
