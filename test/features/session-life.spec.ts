import { afterEach, describe, expect, it } from 'vitest';
import { Controller, Get, Post } from '@nestjs/common';
import { Auth, CurrentPrincipal, CurrentUser, Principal } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { STANDS, PASSWORD, startApp, User, type TestApp } from '../support/app.js';

@Controller('notes')
class NotesController {
  @Get()
  @Auth()
  list(@CurrentPrincipal() who: Principal): object {
    return { userId: who.userId, via: who.via };
  }

  @Post()
  @Auth()
  add(@CurrentUser() user: User): object {
    return { email: user.email };
  }
}

let running: TestApp[] = [];
afterEach(async () => {
  await Promise.all(running.map((app) => app.close()));
  running = [];
});

async function start(...args: Parameters<typeof startApp>): Promise<TestApp> {
  const app = await startApp(...args);
  running.push(app);
  return app;
}

describe.each(STANDS)('a session on $adapter, $database and $store', (stack) => {
  const controllers = [NotesController];

  it('begins with a sign-in and ends with a sign-out', async () => {
    const app = await start({ ...stack, controllers });
    const ada = app.client();
    expect((await ada.get('/notes')).status).toBe(401);
    expect((await ada.register('ada@example.com')).status).toBe(202);

    const signedIn = await ada.signIn('Ada@Example.com');
    expect(signedIn.status).toBe(200);
    expect(signedIn.body).toMatchObject({ status: 'signed_in', user: { email: 'ada@example.com', roles: [] } });
    expect(signedIn.headers.get('cache-control')).toBe('no-store');

    expect((await ada.get('/notes')).body).toMatchObject({ via: 'session', userId: signedIn.body.user.id });
    expect((await ada.post('/notes', {})).body).toEqual({ email: 'ada@example.com' });
    expect((await ada.get('/auth/me')).body).toEqual(signedIn.body.user);
    expect((await ada.get('/auth/session')).body).toMatchObject({
      user: signedIn.body.user,
      csrfToken: signedIn.body.csrfToken,
      methods: ['pwd'],
    });

    const copy = ada.cookieHeader();
    const out = await ada.post('/auth/logout');
    expect(out.status).toBe(204);
    expect((await ada.get('/notes')).status).toBe(401);
    expect((await ada.get('/notes', { headers: { cookie: copy } })).status).toBe(401);
    expect((await ada.get('/auth/session')).body).toEqual({ user: null });
    expect((await ada.post('/auth/logout')).status).toBe(204);
  });

  it('ends after 30 idle minutes, and after 24 hours whatever happens', async () => {
    const clock = new TestClock();
    const app = await start({ ...stack, controllers, clock });
    const ada = app.client();
    await ada.register('ada@example.com');
    await ada.signIn('ada@example.com');
    for (let minutes = 0; minutes < 24 * 60 - 29; minutes += 29) {
      expect((await ada.get('/notes')).status).toBe(200);
      clock.advance(29 * 60_000);
    }
    clock.advance(28 * 60_000);
    expect((await ada.get('/notes')).status).toBe(401);

    await ada.signIn('ada@example.com');
    clock.advance(30 * 60_000 + 1);
    expect((await ada.get('/notes')).status).toBe(401);
  });

  it('is remembered for 14 idle days when asked to', async () => {
    const clock = new TestClock();
    const app = await start({ ...stack, controllers, clock });
    const ada = app.client();
    await ada.register('ada@example.com');
    const { setCookies } = await ada.signIn('ada@example.com', PASSWORD, { rememberMe: true });
    expect(setCookies.find((line) => line.startsWith('auth_session='))).toContain('Max-Age=2592000');
    clock.advance(13 * 86_400_000);
    expect((await ada.get('/notes')).status).toBe(200);
    clock.advance(14 * 86_400_000 + 1);
    expect((await ada.get('/notes')).status).toBe(401);
  });

  it('is one of ten at most, also when thirty begin at once', async () => {
    const app = await start({ ...stack, controllers });
    await app.client().register('ada@example.com');
    const browsers = Array.from({ length: 30 }, () => app.client());
    const answers = await Promise.all(browsers.map((browser) => signInPatiently(browser)));
    expect(new Set(answers)).toEqual(new Set([200]));
    const alive = await Promise.all(browsers.map(async (browser) => (await browser.get('/notes')).status === 200));
    expect(alive.filter(Boolean)).toHaveLength(10);
    const listed = await browsers[alive.indexOf(true)]!.get('/auth/sessions');
    expect(listed.body.items).toHaveLength(10);
  });

  it('is listed, and ended one by one or all but this', async () => {
    const app = await start({ ...stack, controllers });
    const [phone, laptop, tablet] = [app.client(), app.client(), app.client()] as const;
    await phone.register('ada@example.com');
    for (const browser of [phone, laptop, tablet]) await browser.signIn('ada@example.com');
    const { body } = await laptop.get('/auth/sessions');
    expect(body.items.map((item: { current: boolean }) => item.current)).toEqual([false, true, false]);
    expect(body.nextCursor).toBeNull();
    expect(Object.keys(body.items[0]).sort()).toEqual(
      ['createdAt', 'current', 'device', 'expiresAt', 'id', 'ip', 'lastSeenAt', 'methods', 'userAgent'].sort(),
    );

    expect((await laptop.delete(`/auth/sessions/${body.items[2].id}`)).status).toBe(204);
    expect((await phone.get('/notes')).status).toBe(401);
    expect((await laptop.delete(`/auth/sessions/${body.items[2].id}`)).status).toBe(404);
    const others = await laptop.delete('/auth/sessions');
    expect(others.body).toEqual({ revoked: 1 });
    expect((await tablet.get('/notes')).status).toBe(401);
    expect((await laptop.get('/notes')).status).toBe(200);
    expect((await laptop.delete('/auth/sessions?keepCurrent=false')).body).toEqual({ revoked: 1 });
    expect((await laptop.get('/notes')).status).toBe(401);
  });

  it('of somebody else cannot be ended', async () => {
    const app = await start({ ...stack, controllers });
    const [ada, eve] = [app.client(), app.client()] as const;
    await ada.register('ada@example.com');
    await eve.register('eve@example.com');
    await ada.signIn('ada@example.com');
    await eve.signIn('eve@example.com');
    const { body } = await ada.get('/auth/sessions');
    const answer = await eve.delete(`/auth/sessions/${body.items[0].id}`);
    expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect((await ada.get('/notes')).status).toBe(200);
  });
});

/** Ten right passwords at once may be told to come again in a second; nobody is locked. */
async function signInPatiently(browser: ReturnType<TestApp['client']>): Promise<number> {
  for (let tries = 0; tries < 20; tries += 1) {
    const { status, headers } = await browser.signIn('ada@example.com');
    if (status !== 429) return status;
    await new Promise((resolve) => setTimeout(resolve, 50 * Number(headers.get('retry-after'))));
  }
  return 429;
}
