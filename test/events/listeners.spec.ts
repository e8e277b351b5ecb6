import { Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthEvents, AuthMetrics, Jobs, type AuthEvent } from '../../lib/index.js';
import { PASSWORD, startApp, type AppSetup, type TestApp } from '../support/app.js';
import { expectStatus, GuardedRoutes, Lines, newPerson, traceOf } from './kit.js';

@Injectable()
class HostListener {
  readonly heard: AuthEvent[] = [];

  @OnEvent('auth.sign_in.succeeded')
  hear(event: AuthEvent): void {
    this.heard.push(event);
  }
}

@Injectable()
class ToldMetrics extends AuthMetrics {
  readonly told: string[] = [];
  trouble: (() => unknown) | undefined;

  override count(name: string, labels: object): void {
    return this.tell(`${name} ${JSON.stringify(labels)}`);
  }

  override time(name: string, ms: number, labels: object): void {
    expect(ms).toBeGreaterThanOrEqual(0);
    return this.tell(`${name} ${JSON.stringify(labels)}`);
  }

  private tell(what: string): void {
    this.told.push(what);
    return this.trouble?.() as undefined;
  }
}

const never = (): Promise<never> => new Promise(() => undefined);
const throwing = (): never => {
  throw new Error('of the application');
};
const rejecting = (): Promise<never> => Promise.reject(new Error('of the application'));

let app: TestApp | undefined;
const lines = new Lines();
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);

beforeEach(() => {
  lines.all.length = 0;
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  process.off('unhandledRejection', note);
  await app?.close();
  app = undefined;
  expect(unhandled).toEqual([]);
});

async function start(setup: AppSetup = {}): Promise<TestApp> {
  const { auth, ...more } = setup;
  app = await startApp({ controllers: [GuardedRoutes], logger: lines, ...more, auth: { jobs: 'manual', ...auth } });
  return app;
}

/** A sign-in, a wrong password and a sign-out, as if nobody listened. */
async function asEver(on: TestApp): Promise<void> {
  const { email } = await newPerson(on);
  const browser = on.client();
  const { rows } = await traceOf(on, async () => {
    expectStatus(await browser.signIn(email), 200);
    expectStatus(await on.client().signIn(email, 'a wrong password altogether'), 401);
    expectStatus(await browser.get('/reports'), 403);
    expectStatus(await browser.post('/auth/logout'), 204);
    expectStatus(await browser.get('/whoami'), 401);
  });
  expect(rows.map(({ type }) => type).sort()).toEqual([
    'access.refused',
    'session.ended',
    'sign_in.failed',
    'sign_in.succeeded',
  ]);
}

describe('listeners of AuthEvents', () => {
  it('hear what they ask for, once it has been committed, until they end', async () => {
    const on = await start();
    const events = on.get(AuthEvents);
    const [all, some]: AuthEvent[][] = [[], []];
    const seen: Promise<number>[] = [];
    events.on('*', (event) => void all!.push(event));
    const end = events.on('sign_in.succeeded', (event) => {
      some!.push(event);
      seen.push(on.dataSource.query(`SELECT id FROM auth_audit WHERE id = '${event.id}'`).then((rows) => rows.length));
    });
    await asEver(on);
    expect(all!.map(({ type }) => type)).toContain('session.ended');
    expect(some!.map(({ type, outcome }) => `${type} ${outcome}`)).toEqual(['sign_in.succeeded success']);
    expect(await Promise.all(seen)).toEqual([1]);
    expect(some![0]!.at).toBeInstanceOf(Date);
    expect(() => Object.assign(some![0]!, { actorId: 'x' })).toThrow(TypeError);
    expect(() => Object.assign(some![0]!.details, { method: 'x' })).toThrow(TypeError);
    end();
    await asEver(on);
    expect(some).toHaveLength(1);
  });

  it('change nothing when they throw, reject or never end, and keep nobody from hearing', async () => {
    const on = await start();
    const heard: string[] = [];
    for (const listener of [throwing, rejecting, never]) on.get(AuthEvents).on('*', listener);
    on.get(AuthEvents).on('*', ({ type }) => void heard.push(type));
    await asEver(on);
    expect(heard).toContain('sign_in.succeeded');
    expect(lines.with('A listener of sign_in.succeeded has failed')).toHaveLength(2);
  });
});

describe("the application's EventEmitter2", () => {
  it.each([{}, { wildcard: true }])('emits auth.* to every kind of listener (%o)', async (options) => {
    const on = await start({ imports: [EventEmitterModule.forRoot(options)], providers: [HostListener] });
    const emitter = on.get(EventEmitter2);
    const heard: string[] = [];
    emitter.on('auth.session.ended', ({ type }: AuthEvent) => void heard.push(`on ${type}`));
    emitter.once('auth.sign_in.succeeded', ({ type }: AuthEvent) => void heard.push(`once ${type}`));
    emitter.onAny((name, { type }: AuthEvent) => void heard.push(`any ${String(name)} ${type}`));
    if ('wildcard' in options) emitter.on('auth.session.*', ({ type }: AuthEvent) => void heard.push(`* ${type}`));
    await asEver(on);
    await asEver(on);
    const count = (what: string): number => heard.filter((line) => line === what).length;
    expect(count('on session.ended')).toBe(2);
    expect(count('once sign_in.succeeded')).toBe(1);
    expect(count('any auth.access.refused access.refused')).toBe(2);
    expect(count('* session.ended')).toBe('wildcard' in options ? 2 : 0);
    expect(on.get(HostListener).heard).toHaveLength(2);
  });

  it('changes nothing when its listeners throw, reject or never end, all at once', async () => {
    const on = await start({ adapter: 'fastify', imports: [EventEmitterModule.forRoot()] });
    const heard: string[] = [];
    for (const listener of [rejecting, throwing, never, rejecting]) {
      on.get(EventEmitter2).on('auth.sign_in.succeeded', listener as () => void);
      on.get(EventEmitter2).onAny(listener as () => void);
    }
    on.get(EventEmitter2).on('auth.sign_in.succeeded', ({ type }: AuthEvent) => void heard.push(type));
    await asEver(on);
    expect(heard).toEqual(['sign_in.succeeded']);
    expect(lines.with('A listener of auth.sign_in.succeeded').length).toBe(6);
  });

  it('may be absent', async () => {
    await asEver(await start());
    expect(lines.with('has failed')).toEqual([]);
  });
});

describe('AuthMetrics', () => {
  const withMetrics = (more: AppSetup = {}): Promise<TestApp> =>
    start({ ...more, auth: { ...more.auth, overrides: [{ provide: AuthMetrics, useClass: ToldMetrics }] } });

  it.each(['express', 'fastify'] as const)(
    'hears of events, refusals and durations, of no user (%s)',
    async (adapter) => {
      const on = await withMetrics({ adapter });
      const metrics = on.get(AuthMetrics) as ToldMetrics;
      const { email, id } = await newPerson(on);
      await asEver(on);
      for (let tries = 0; tries < 6; tries += 1) await on.client().signIn(email, 'a wrong password altogether');
      for (let tries = 0; tries < 21; tries += 1) await on.client().register('not an address');
      await traceOf(on, async () => undefined);
      const count = (what: string): number => metrics.told.filter((line) => line === what).length;
      expect(count('auth_events {"type":"sign_in.succeeded","outcome":"success"}')).toBe(1);
      expect(count('auth_events {"type":"sign_in.failed","outcome":"failure"}')).toBe(6);
      expect(count('auth_refusals {"code":"TOO_MANY_ATTEMPTS","handler":"LoginController.login"}')).toBe(1);
      expect(count('auth_refusals {"code":"RATE_LIMITED","handler":"AccountsController.register"}')).toBe(1);
      expect(count('auth_access_refusals {"code":"FORBIDDEN"}')).toBe(1);
      expect(count('auth_sign_in {"method":"pwd","outcome":"success"}')).toBe(1);
      await on.get(Jobs).run('outbox');
      expect(metrics.told).toContainEqual(expect.stringMatching(/^auth_mail_delivery {"kind":"\S+","outcome":"\w+"}$/));
      expect(count('auth_password_hash {"outcome":"success"}')).toBeGreaterThanOrEqual(8);
      expect(metrics.told.join()).not.toContain(id);
      expect(metrics.told.join()).not.toContain('@');
    },
  );

  it('hears of requests that no page of the application sent, by what gave them away', async () => {
    const on = await withMetrics();
    const metrics = on.get(AuthMetrics) as ToldMetrics;
    const { email } = await newPerson(on);
    const browser = on.client();
    expectStatus(await browser.signIn(email), 200);
    const foreign = { origin: 'https://evil.example' };
    expectStatus(await browser.get('/whoami', { headers: foreign }), 200);
    expectStatus(await browser.post('/auth/login', { email, password: PASSWORD }, { headers: foreign }), 403);
    expectStatus(await browser.delete('/auth/sessions', { headers: foreign }), 403);
    expectStatus(await browser.delete('/auth/sessions', { headers: { 'sec-fetch-site': 'cross-site' } }), 403);
    // Once by the guard, once by the handler.
    expectStatus(await browser.delete('/auth/sessions', { csrf: false }), 403);
    expectStatus(await browser.post('/auth/logout', undefined, { csrf: false }), 403);
    expect(metrics.told.filter((line) => line.startsWith('auth_csrf_failures'))).toEqual(
      ['origin', 'origin', 'site', 'token', 'token'].map((reason) => `auth_csrf_failures {"reason":"${reason}"}`),
    );
  });

  it.each([
    ['throw', throwing],
    ['reject', rejecting],
    ['never end', never],
  ])('may %s: nothing changes', async (_what, trouble) => {
    const on = await withMetrics();
    (on.get(AuthMetrics) as ToldMetrics).trouble = trouble;
    await asEver(on);
    expect(lines.with('AuthMetrics has failed').length).toBe(trouble === never ? 0 : 1);
  });
});
