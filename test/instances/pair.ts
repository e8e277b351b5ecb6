import { Controller, Get, Post } from '@nestjs/common';
import { Accounts, Auth, CurrentPrincipal, Principal, type AuthOptions } from '../../lib/index.js';
import { PASSWORD, startApp, type Adapter, type TestApp, type User } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { startRedisCluster } from '../support/redis-cluster.js';
import { redisUrl } from '../support/services.js';

@Controller()
export class DeskController {
  @Get('desk')
  @Auth()
  desk(@CurrentPrincipal() { userId, roles, via }: Principal): object {
    return { userId, roles, via };
  }

  @Post('desk')
  @Auth({ roles: ['clerk'] })
  write(): object {
    return {};
  }
}

export type SharedStore = 'one Redis' | 'a Redis Cluster of three nodes';

export const SHARED_STORES: readonly SharedStore[] = ['one Redis', 'a Redis Cluster of three nodes'];

/** Two instances of one application, on different adapters, over one PostgreSQL and one shared store. */
export interface Pair {
  readonly one: TestApp;
  readonly other: TestApp;
  close(): Promise<void>;
}

export async function startPair(store: SharedStore, auth: Partial<AuthOptions<User>> = {}): Promise<Pair> {
  const cluster = store === 'one Redis' ? undefined : await startRedisCluster();
  const redis = cluster === undefined ? { url: await redisUrl() } : { cluster: cluster.urls };
  const start = (adapter: Adapter, databaseUrl?: string): Promise<TestApp> =>
    startApp({
      adapter,
      controllers: [DeskController],
      auth: { instances: 2, redis, ...auth },
      ...(databaseUrl === undefined ? { database: 'postgres' } : { databaseUrl }),
    });
  const one = await start('express');
  const other = await start('fastify', one.databaseUrl);
  return {
    one,
    other,
    close: async () => {
      await Promise.all([one.close(), other.close()]);
      await cluster?.stop();
    },
  };
}

let people = 0;

export interface Person {
  readonly userId: string;
  readonly email: string;
}

export async function newClerk({ one }: Pair): Promise<Person> {
  people += 1;
  const email = `clerk${people}@example.com`;
  const user = await one.get(Accounts).create({ email, password: PASSWORD, roles: ['clerk'] });
  return { userId: user!.id, email };
}

/** One way in which a caller shows who it is. */
export interface Caller {
  read(app: TestApp): Promise<Answer>;
  write(app: TestApp): Promise<Answer>;
}

export const CALLERS = {
  'a browser': async (app: TestApp, email: string): Promise<Caller> => {
    const browser = app.client();
    await expectOk(browser.signIn(email));
    const at = (target: TestApp): Client => withCookiesOf(browser, target.client());
    return { read: (target) => at(target).get('/desk'), write: (target) => at(target).post('/desk') };
  },
  'an application with tokens': async (app: TestApp, email: string): Promise<Caller> => {
    const { access_token: token } = await tokensOf(app, email);
    const headers = { authorization: `Bearer ${token}` };
    return {
      read: (target) => target.client().get('/desk', { headers }),
      write: (target) => target.client().post('/desk', undefined, { headers }),
    };
  },
} as const;

export interface TokenPair {
  readonly access_token: string;
  readonly refresh_token: string;
}

export async function tokensOf(app: TestApp, email: string): Promise<TokenPair> {
  const grant = { grant_type: 'password', username: email, password: PASSWORD };
  return (await expectOk(app.client().post('/auth/token', grant))).body as TokenPair;
}

export function refreshAt(app: TestApp, refreshToken: string): Promise<Answer> {
  return app.client().post('/auth/token/refresh', { refresh_token: refreshToken });
}

async function expectOk(asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked;
  if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${answer.text}`);
  return answer;
}

function withCookiesOf(browser: Client, fresh: Client): Client {
  for (const [name, value] of browser.cookies) fresh.cookies.set(name, value);
  fresh.csrfToken = browser.csrfToken;
  return fresh;
}
