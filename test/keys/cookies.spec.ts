import { afterEach, describe, expect, it } from 'vitest';
import { newPerson, signedIn } from '../sessions/kit.js';
import { ADAPTERS } from '../support/app.js';
import { ALL, at, attributesOf, DAY_MS, lineOf, maxAgeOf, names, NEW, OLD, place, rotated } from './cookie-kit.js';

const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

describe.each(ADAPTERS)('cookies of an accepted secret on %s', (adapter) => {
  it('are set again in the same answer, once, with the attributes and the life that they had', async () => {
    const { clock, start } = await place(adapter, undo);
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
    const { start } = await place(adapter, undo);
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
    const { start } = await place(adapter, undo);
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
    const { start } = await place(adapter, undo);
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
});
