import type { INestApplicationContext } from '@nestjs/common';
import { CsrfProtection } from '../access/csrf-protection.js';
import { CookieJar } from '../cookies/cookie-jar.js';
import { AuthSettings } from '../options/auth-settings.js';
import { SessionCookie } from '../sessions/session-cookie.js';
import { SessionOpener } from '../sessions/session-opener.js';
import { UserDirectory } from '../users/user-directory.js';
import { UserTable } from '../users/user-table.js';
import { refuseInProduction } from './refuse-in-production.js';

/** Headers of a request by a signed-in user, unsafe ones included. */
export interface ActingHeaders {
  readonly cookie: string;
  readonly 'x-csrf-token': string;
}

/**
 * Signs a user in without a password and returns the headers that say so. The session is a real one: it is listed, revoked
 * and guarded like any other. The user is an id, a loaded entity or a `PublicUser`. Throws in production, and for an
 * unknown or disabled user.
 *
 * @example
 * await fetch(`${url}/notes`, { headers: await actingAs(app, ada) });
 */
export async function actingAs(
  app: INestApplicationContext,
  user: string | number | bigint | object,
): Promise<ActingHeaders> {
  const get = <T>(type: abstract new (...args: never[]) => T): T => app.get<T>(type, { strict: false });
  refuseInProduction(get(AuthSettings), 'actingAs');
  const userId = idOf(get(UserTable), user);
  if ((await get(UserDirectory).load(userId)) === undefined) throw new Error(`actingAs: there is no user ${userId}.`);
  const session = await get(SessionOpener).open({
    userId,
    epoch: await get(UserDirectory).epochOf(userId),
    methods: ['pwd'],
    rememberMe: false,
    client: { address: '127.0.0.1', userAgent: 'test' },
  });
  if (session === undefined) throw new Error(`actingAs: the user ${userId} is disabled.`);
  return {
    cookie: `${get(CookieJar).nameOf('session')}=${get(SessionCookie).write(session)}`,
    'x-csrf-token': get(CsrfProtection).csrfToken(session.csrfSeed),
  };
}

function idOf(table: UserTable, user: string | number | bigint | object): string {
  if (typeof user !== 'object') return String(user);
  return user instanceof table.entity ? table.idOf(user) : String((user as { readonly id?: unknown }).id);
}
