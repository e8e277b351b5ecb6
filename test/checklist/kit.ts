import 'reflect-metadata';
import { Module, type Provider, type Type } from '@nestjs/common';
import * as core from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { makeApplication, type LoadedApplication } from '../../lib/cli/application.js';
import { examine, type Examination } from '../../lib/cli/doctor/examination.js';
import * as gatehouse from '../../lib/index.js';
import { AuthModule, type AuthOptions } from '../../lib/index.js';
import { User } from '../support/app.js';

export interface Host {
  readonly typeorm: TypeOrmModuleOptions;
  readonly auth: Omit<AuthOptions<User>, 'userEntity'>;
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
  readonly adapter?: 'express' | 'fastify';
}

export const GOOD_SECRET = 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC';

/** The root module of an application, as its `app.module.js` would export it. */
export function rootModule({ typeorm, auth, controllers = [], providers = [] }: Host): Type {
  @Module({
    imports: [
      TypeOrmModule.forRoot({ autoLoadEntities: true, retryAttempts: 0, ...typeorm }),
      AuthModule.forRoot<User>({ userEntity: User, environment: 'production', ...auth }),
    ],
    controllers: [...controllers],
    providers: [...providers],
  })
  class AppModule {}
  return AppModule;
}

/** As the command line loads one, from packages that are loaded already. */
export function load(host: Host): Promise<LoadedApplication> {
  const adapter = host.adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  return makeApplication({ core, gatehouse, adapter, dataSources: [DataSource] }, async () => rootModule(host));
}

/** What `gatehouse doctor` finds. */
export function doctor(host: Host, { onlyOptions = false } = {}): Promise<Examination> {
  return examine(() => load(host), { onlyOptions });
}
