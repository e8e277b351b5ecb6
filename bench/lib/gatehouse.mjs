import { TypeOrmModule } from '@nestjs/typeorm';
import { Accounts, AuthModule, AuthUser } from 'nestjs-gatehouse';
import { Entity } from 'typeorm';
import { listen, rootModule } from './nest.mjs';

export const EMAIL = 'ada@example.com';
export const PASSWORD = 'seven hinges and a bell';
const SECRET = 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC';

export class User extends AuthUser {}
Entity('users')(User);

export function connection(database) {
  return database === undefined
    ? { type: 'better-sqlite3', database: ':memory:' }
    : { type: 'postgres', url: database, extra: { max: 10 } };
}

/** Where `controllers` are placed: beside the application's own, or `inside` the module, as one of ours. */
export function gatehouseModule({ database, redis, auth = {} }, { controllers = [], inside = [] } = {}) {
  const own = AuthModule.forRoot({
    userEntity: User,
    secret: SECRET,
    baseUrl: 'http://127.0.0.1:3000',
    environment: 'test',
    emailVerification: 'off',
    jobs: 'manual',
    // No contestant is stopped by a limit of requests; the limit is counted all the same.
    rateLimits: { multiplier: 1e6 },
    passwords: { cost: 4 },
    ...(redis === undefined ? {} : { redis: { url: redis } }),
    ...auth,
  });
  const { controllers: ours = [], ...rest } = own;
  return rootModule({
    imports: [
      TypeOrmModule.forRoot({ ...connection(database), autoLoadEntities: true, synchronize: true, retryAttempts: 0 }),
      { ...rest, controllers: [...ours, ...inside] },
    ],
    controllers,
  });
}

/** The whole application, with one account in it. */
export async function gatehouse(settings, extra) {
  const { app, url } = await listen(gatehouseModule(settings, extra), settings.adapter);
  await app.get(Accounts, { strict: false }).create({ email: EMAIL, password: PASSWORD, emailVerified: true });
  return { app, url };
}

export async function post(url, path, body, headers = {}) {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return { body: text === '' ? undefined : JSON.parse(text), cookies: answer.headers.getSetCookie() };
}

export async function bearerOf(url, email = EMAIL) {
  const { body } = await post(url, '/auth/token', { grant_type: 'password', username: email, password: PASSWORD });
  return { access: body.access_token, refresh: body.refresh_token };
}

export async function cookieOf(url, email = EMAIL) {
  const { cookies } = await post(url, '/auth/login', { email, password: PASSWORD });
  return cookies.map((line) => line.split(';')[0]).find((pair) => pair.startsWith('auth_session='));
}
