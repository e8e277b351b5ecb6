import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { Entity } from 'typeorm';
import { AuthModule, AuthUser, Clock, PasswordHasher, StateStore } from '../../dist/index.js';
import { AuthSettings } from '../../dist/options/auth-settings.js';
import { createStateStore } from '../../dist/store/state-store.provider.js';
import { FastPasswordHasher } from '../../dist/testing/index.js';

/** A real application, as it is built, that dies of its own hand at a given step of a request. */
const { DATABASE_URL, REDIS_URL, AUTH_SECRET, SYNCHRONIZE } = process.env;

/** The steps of the request that carries `x-die-at`, and the number of the one at which the process ends. */
const doomed = { at: undefined, steps: [] };

function step(label) {
  if (doomed.at === undefined) return;
  doomed.steps.push(label);
  if (doomed.steps.length !== doomed.at) return;
  writeSync(1, `KILLED at ${label}\n`);
  process.kill(process.pid, 'SIGKILL');
}

/** Every command of the store, before it is sent and after it is answered. */
function stepping(store) {
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function' || name === 'connectedAt') return value;
      return (...args) => {
        step(`before store ${name}`);
        return value.apply(target, args).finally(() => step(`after store ${name}`));
      };
    },
  });
}

/** Every statement: before it is sent, while the database has it, and after it is answered. */
function stepDatabase(dataSource) {
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const runner = create(mode);
    const query = runner.query.bind(runner);
    runner.query = async (sql, ...rest) => {
      const [word] = sql.split(/\s/, 1);
      step(`before ${word}`);
      if (doomed.at !== undefined) await runner.connect();
      const answer = query(sql, ...rest);
      answer.catch(() => undefined);
      if (doomed.at !== undefined) await turn();
      step(`amid ${word}`);
      const result = await answer;
      step(`after ${word}`);
      return result;
    };
    return runner;
  };
}

/** The beginning and the end of the request. `x-die-at: 0` only lists the steps. */
function stepAnswer(request, response, next) {
  const at = request.headers['x-die-at'];
  if (at === undefined) return next();
  Object.assign(doomed, { at: Number(at), steps: [] });
  const end = response.end.bind(response);
  response.end = (...args) => {
    step('before answer');
    response.setHeader('x-steps', [...doomed.steps, 'after answer'].join(','));
    return end(...args);
  };
  response.once('finish', () => {
    step('after answer');
    doomed.at = undefined;
  });
  step('arrival');
  return next();
}

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
          useFactory: async (settings, clock) => stepping(await createStateStore(settings, clock)),
          inject: [AuthSettings, Clock],
        },
        { provide: PasswordHasher, useClass: FastPasswordHasher },
      ],
    }),
  ],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error'] });
stepDatabase(app.get(getDataSourceToken()));
app.use(stepAnswer);
await app.listen(0, '127.0.0.1');
writeSync(1, `READY ${await app.getUrl()}\n`);
