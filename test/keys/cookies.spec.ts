import { Controller, Get, Post } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { Auth, OptionalAuth, Public, type AuthOptions } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { ADAPTERS, startApp, type Adapter, type TestApp, type User } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import { newPerson, signedIn } from '../sessions/kit.js';
import { newSecret } from './kit.js';

const DAY_MS = 86_400_000;
const [OLD, NEW] = [newSecret(), newSecret()];

@Controller('pages')
class PagesController {
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

const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

type Values = Partial<AuthOptions<User>>;

interface Place {
  readonly clock: TestClock;
  start(auth: Values): Promise<TestApp>;
}

/** Applications that are started one after the other, or side by side, on one database and one Redis. */
async function place(adapter: Adapter): Promise<Place> {
  const redis: PrivateRedis = await startRedis();
  undo.push(() => redis.stop());
  const clock = new TestClock();
  let databaseUrl: string | undefined;
  const start = async (auth: Values): Promise<TestApp> => {
    const where = databaseUrl === undefined ? { database: 'postgres' as const } : { databaseUrl };
    const app = await startApp({ adapter, clock, redisUrl: redis.url, controllers: [PagesController], ...where, auth });
    databaseUrl = app.databaseUrl;
    undo.push(() => app.close());
    return app;
  };
  return { clock, start };
}

/** The same browser at another instance: cookies know no ports. */
function at(app: TestApp, browser: Client): Client {
  const client = app.client();
  for (const [name, value] of browser.cookies) client.cookies.set(name, value);
  client.csrfToken = browser.csrfToken;
  return client;
}

const names = ({ setCookies }: Answer): string[] => setCookies.map((line) => line.slice(0, line.indexOf('='))).sort();
const lineOf = ({ setCookies }: Answer, name: string): string =>
  setCookies.find((line) => line.startsWith(`${name}=`))!;
const attributesOf = (line: string): string[] =>
  line
    .split('; ')
    .slice(1)
    .filter((attribute) => !attribute.startsWith('Expires'))
    .sort();
const maxAgeOf = (line: string): number => Number(/Max-Age=(\d+)/.exec(line)?.[1]);

const ALL = ['XSRF-TOKEN', 'auth_device', 'auth_session'];
const rotated = { secret: NEW, acceptedSecrets: [{ secret: OLD }] };

describe.each(ADAPTERS)('cookies of an accepted secret on %s', (adapter) => {
  it('are set again in the same answer, once, with the attributes and the life that they had', async () => {
    const { clock, start } = await place(adapter);
    const cookies = { xsrfCookie: true, sameSite: 'strict', domain: 'example.com' } as const;
    const baseUrl = 'http://api.example.com';
    const before = await start({ secret: OLD, cookies, baseUrl });
    const person = await newPerson(before);
    const remembered = before.client();
    const signIn = await remembered.signIn(person.email, undefined, { rememberMe: true });
    const plain = await signedIn(before, person);
    clock.advance(DAY_MS / 72);

    const after = await start({ ...rotated, cookies, baseUrl });
    const browser = at(after, remembered);
    const answer = await browser.get('/pages/mine');
    expect([answer.status, names(answer)]).toEqual([200, ALL]);
    for (const name of ALL) {
      const [was, is] = [lineOf(signIn, name), lineOf(answer, name)];
      const withoutAge = (line: string) => attributesOf(line).filter((attribute) => !attribute.startsWith('Max-Age'));
      expect(withoutAge(is), name).toEqual(withoutAge(was));
    }
    expect(maxAgeOf(lineOf(signIn, 'auth_session'))).toBe((30 * DAY_MS) / 1_000);
    expect(maxAgeOf(lineOf(answer, 'auth_session'))).toBe((30 * DAY_MS - DAY_MS / 72) / 1_000);
    expect(maxAgeOf(lineOf(answer, 'XSRF-TOKEN'))).toBe(maxAgeOf(lineOf(answer, 'auth_session')));
    expect(maxAgeOf(lineOf(answer, 'auth_device'))).toBe((400 * DAY_MS) / 1_000);
    expect((await browser.get('/pages/mine')).setCookies).toEqual([]);

    const brief = await at(after, plain).get('/pages/mine');
    expect(names(brief)).toEqual(ALL);
    expect(brief.setCookies.filter((line) => /max-age|expires/i.test(line)).map((line) => line.split('=')[0])).toEqual([
      'auth_device',
    ]);
  });

  it('keep their names and their attributes on https', async () => {
    const { start } = await place(adapter);
    const baseUrl = 'https://api.example.com';
    const before = await start({ secret: OLD, baseUrl });
    const browser = await signedIn(before, await newPerson(before));
    const answer = await at(await start({ ...rotated, baseUrl }), browser).get('/pages/mine');
    expect(names(answer)).toEqual(['__Host-auth_device', '__Host-auth_session']);
    for (const line of answer.setCookies) {
      expect(attributesOf(line)).toEqual(expect.arrayContaining(['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure']));
    }
  });

  it('name the same session, and are good where the old secret is unknown', async () => {
    const { start } = await place(adapter);
    const before = await start({ secret: OLD, cookies: { xsrfCookie: true } });
    const browser = await signedIn(before, await newPerson(before));
    const old = new Map(browser.cookies);
    const moved = at(await start({ ...rotated, cookies: { xsrfCookie: true } }), browser);
    // A CSRF token that a page still holds goes on, and so does one that it reads from the cookie that came with it.
    expect((await moved.post('/pages/mine')).status).toBe(201);
    const sidOf = (cookies: ReadonlyMap<string, string>) => cookies.get('auth_session')!.split('.').slice(0, 2);
    expect(sidOf(moved.cookies)).toEqual(sidOf(old));
    for (const name of ALL) expect(moved.cookies.get(name)).not.toBe(old.get(name));

    const alone = at(await start({ secret: NEW, cookies: { xsrfCookie: true } }), moved);
    alone.csrfToken = moved.cookies.get('XSRF-TOKEN');
    expect((await alone.post('/pages/mine')).status).toBe(201);
    const left = at(await start({ secret: NEW }), browser);
    expect((await left.get('/pages/mine')).status).toBe(401);
  });

  it('are set on optional routes; not on public ones, on refusals, for tokens or for sessions that have ended', async () => {
    const { start } = await place(adapter);
    const before = await start({ secret: OLD });
    const person = await newPerson(before);
    const browser = await signedIn(before, person);
    const tokens = (await before.client().signIn(person.email, undefined, { deliver: 'tokens' })).body;
    const after = await start(rotated);

    const answers = {
      public: await at(after, browser).get('/pages/anybody'),
      role: await at(after, browser).get('/pages/admins'),
      forged: await at(after, browser).post('/pages/mine', {}, { csrf: false }),
      bearer: await at(after, browser).get('/pages/mine', {
        headers: { authorization: `Bearer ${tokens.access_token}` },
      }),
      both: await at(after, browser).get('/pages/mine', { headers: { authorization: 'Bearer nonsense' } }),
    };
    expect(Object.entries(answers).map(([name, { status, setCookies }]) => [name, status, setCookies])).toEqual([
      ['public', 200, []],
      ['role', 403, []],
      ['forged', 403, []],
      ['bearer', 200, []],
      ['both', 401, []],
    ]);
    expect(names(await at(after, browser).get('/pages/either'))).toEqual(['auth_device', 'auth_session']);

    const out = await at(after, browser).post('/auth/logout');
    expect(out.setCookies.map((line) => [line.split('=')[0], maxAgeOf(line)])).toEqual([['auth_session', 0]]);
    const dead = await at(after, browser).get('/pages/either');
    expect([dead.status, dead.setCookies]).toEqual([200, []]);
  });

  it('keep their answer out of caches', async () => {
    const { start } = await place(adapter);
    const before = await start({ secret: OLD });
    const browser = await signedIn(before, await newPerson(before));
    const moved = at(await start(rotated), browser);
    const answer = await moved.get('/pages/either');
    expect([answer.setCookies.length, answer.headers.get('cache-control')]).toEqual([2, 'no-store']);
    const next = await moved.get('/pages/either');
    expect([next.setCookies.length, next.headers.get('cache-control')]).toEqual([0, null]);
  });
});

describe('a purpose with a secret of its own', () => {
  it.each([
    ['session-cookie', ['auth_session']],
    ['device-cookie', ['auth_device']],
    ['csrf', ['XSRF-TOKEN']],
  ] as const)('%s: its own cookie alone is set again, on the way there and on the way back', async (purpose, moved) => {
    const { start } = await place('express');
    const cookies = { xsrfCookie: true };
    const before = await start({ secret: OLD, cookies });
    let browser = await signedIn(before, await newPerson(before));
    const ways: readonly Values[] = [
      // Gets a secret of its own, in two deployments.
      { secret: OLD, acceptedSecrets: [{ secret: NEW }] },
      {
        secret: OLD,
        secrets: { [purpose]: NEW },
        acceptedSecrets: [{ secret: OLD, notAfter: '2099-01-01T00:00:00Z' }],
      },
      // Gives it up again.
      { secret: OLD, secrets: { [purpose]: NEW }, acceptedSecrets: [{ secret: OLD }] },
      { secret: OLD, acceptedSecrets: [{ secret: NEW }] },
    ];
    const seen: string[][] = [];
    for (const way of ways) {
      browser = at(await start({ ...way, cookies }), browser);
      const answer = await browser.post('/pages/mine');
      expect(answer.status).toBe(201);
      seen.push(names(answer));
    }
    expect(seen).toEqual([[], moved, [], moved]);
  });

  it('a readable CSRF cookie whose secret is gone is put right, so that the page can go on', async () => {
    const { start } = await place('express');
    const cookies = { xsrfCookie: true };
    const before = await start({ secret: OLD, cookies });
    const browser = at(
      await start({ secret: OLD, secrets: { csrf: NEW }, cookies }),
      await signedIn(before, await newPerson(before)),
    );
    expect(names(await browser.get('/pages/mine'))).toEqual(['XSRF-TOKEN']);
    browser.csrfToken = browser.cookies.get('XSRF-TOKEN');
    expect((await browser.post('/pages/mine')).status).toBe(201);
  });
});

describe('the end of an accepted secret', () => {
  it('ends what it alone signed, at that moment, on the same instance', async () => {
    const { clock, start } = await place('express');
    const before = await start({ secret: OLD });
    const person = await newPerson(before);
    const [comesBy, staysAway] = [await signedIn(before, person), await signedIn(before, person)];
    const notAfter = new Date(clock.now() + 10 * 60_000).toISOString();
    const after = await start({ secret: NEW, acceptedSecrets: [{ secret: OLD, notAfter }] });
    const moved = at(after, comesBy);
    expect((await moved.get('/pages/mine')).status).toBe(200);
    clock.advance(10 * 60_000 - 1);
    expect((await at(after, comesBy).get('/pages/mine')).status).toBe(200);
    clock.advance(1);
    expect((await at(after, comesBy).get('/pages/mine')).status).toBe(401);
    expect((await at(after, staysAway).get('/pages/mine')).status).toBe(401);
    expect((await moved.get('/pages/mine')).status).toBe(200);
    // The session itself is as live as before: it is its cookie that has ended. So nothing of it is cleared.
    const refused = await at(after, staysAway).get('/pages/mine');
    expect(refused.setCookies).toEqual([]);
  });
});
