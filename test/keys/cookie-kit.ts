import { Controller, Get, Post } from '@nestjs/common';
import { Auth, OptionalAuth, Public, type AuthOptions } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { startApp, type Adapter, type AppSetup, type TestApp, type User } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import { newSecret } from './kit.js';

export const DAY_MS = 86_400_000;
export const [OLD, NEW] = [newSecret(), newSecret()];
/** The deployment after the one with `OLD` alone. */
export const rotated = { secret: NEW, acceptedSecrets: [{ secret: OLD }] };

@Controller('pages')
export class PagesController {
  @Get('mine')
  @Auth()
  mine(): string {
    return 'mine';
  }

  @Post('mine')
  @Auth()
  change(): string {
    return 'changed';
  }

  @Get('either')
  @OptionalAuth()
  either(): string {
    return 'either';
  }

  @Get('anybody')
  @Public()
  anybody(): string {
    return 'anybody';
  }

  @Get('admins')
  @Auth({ roles: ['admin'] })
  admins(): string {
    return 'admins';
  }
}

export type Values = Partial<AuthOptions<User>>;

export interface Place {
  readonly clock: TestClock;
  start(auth: Values): Promise<TestApp>;
}

/**
 * Applications that are started one after the other, or side by side, on one database and one Redis.
 *
 * @param undo takes what ends them, to be called from the last to the first.
 */
export async function place(
  adapter: Adapter,
  undo: (() => Promise<unknown>)[],
  controllers: NonNullable<AppSetup['controllers']> = [PagesController],
): Promise<Place> {
  const redis: PrivateRedis = await startRedis();
  undo.push(() => redis.stop());
  const clock = new TestClock();
  let databaseUrl: string | undefined;
  const start = async (auth: Values): Promise<TestApp> => {
    const where = databaseUrl === undefined ? { database: 'postgres' as const } : { databaseUrl };
    const app = await startApp({ adapter, clock, redisUrl: redis.url, controllers, ...where, auth });
    databaseUrl = app.databaseUrl;
    undo.push(() => app.close());
    return app;
  };
  return { clock, start };
}

/** The same browser at another instance: cookies know no ports. */
export function at(app: TestApp, browser: Client): Client {
  const client = app.client();
  for (const [name, value] of browser.cookies) client.cookies.set(name, value);
  client.csrfToken = browser.csrfToken;
  return client;
}

export const names = ({ setCookies }: Answer): string[] =>
  setCookies.map((line) => line.slice(0, line.indexOf('='))).sort();
export const lineOf = ({ setCookies }: Answer, name: string): string =>
  setCookies.find((line) => line.startsWith(`${name}=`))!;
export const attributesOf = (line: string): string[] =>
  line
    .split('; ')
    .slice(1)
    .filter((attribute) => !attribute.startsWith('Expires'))
    .sort();
export const maxAgeOf = (line: string): number => Number(/Max-Age=(\d+)/.exec(line)?.[1]);

/** All cookies of ours. */
export const ALL = ['XSRF-TOKEN', 'auth_device', 'auth_session'];
