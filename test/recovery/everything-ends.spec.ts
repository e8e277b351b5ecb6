import { afterAll, beforeAll, expect, it } from 'vitest';
import { TOKEN_LIFE_MS, type TokenPurpose } from '../../lib/one-time-tokens/purposes.js';
import { OneTimeTokens } from '../../lib/one-time-tokens/one-time-tokens.service.js';
import { TestClock } from '../../lib/testing/index.js';
import { startApp, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';
import { NEW_PASSWORD, RecoveryLab, whoami, type Person } from './kit.js';
import { WhoController } from '../sessions/kit.js';

let lab: RecoveryLab;
let other: TestApp;

beforeAll(async () => {
  const clock = new TestClock();
  lab = await RecoveryLab.start({ clock, database: 'postgres', store: 'redis', auth: { instances: 2 } });
  other = await startApp({
    adapter: 'fastify',
    clock,
    databaseUrl: lab.app.databaseUrl!,
    redisUrl: lab.app.redisUrl!,
    controllers: [WhoController],
    auth: { instances: 2, mail: lab.mailbox.options, jobs: 'manual' },
  });
});
afterAll(async () => {
  await other.close();
  await lab.close();
});

const PURPOSES = Object.keys(TOKEN_LIFE_MS) as TokenPurpose[];

interface Held {
  readonly owner: Person;
  /** Signed in here and there, with answers of either instance in the cache. */
  readonly browsers: readonly Client[];
  readonly tokens: { readonly access_token: string; readonly refresh_token: string };
  readonly links: Readonly<Record<TokenPurpose, string>>;
}

/** Everything that opens an account. */
async function hold(): Promise<Held> {
  const owner = await lab.newPerson();
  const browsers = [lab.app.client(), other.client()];
  for (const browser of browsers) expect((await browser.signIn(owner.email)).status).toBe(200);
  const tokens = await lab.tokensOf(owner);
  for (const app of [lab.app, other]) {
    expect((await whoami(app, tokens)).status).toBe(200);
    for (const browser of browsers) expect((await at(app, browser)).status).toBe(200);
  }
  const links = {} as Record<TokenPurpose, string>;
  for (const purpose of PURPOSES) links[purpose] = await lab.issue(owner, purpose);
  return { owner, browsers, tokens, links };
}

function at(app: TestApp, browser: Client) {
  return app.client().get('/whoami', { headers: { cookie: browser.cookieHeader() } });
}

async function expectDead({ owner, browsers, tokens, links }: Held): Promise<void> {
  const rows = lab.app.dataSource.query(`SELECT * FROM auth_one_time_tokens WHERE user_id = '${owner.userId}'`);
  expect(await rows).toEqual([]);
  for (const app of [other, lab.app]) {
    for (const browser of browsers) expect((await at(app, browser)).status).toBe(401);
    expect((await whoami(app, tokens)).status).toBe(401);
    const refreshed = await app.client().post('/auth/token/refresh', { refresh_token: tokens.refresh_token });
    expect([refreshed.status, refreshed.body.code]).toEqual([401, 'INVALID_REFRESH_TOKEN']);
    for (const purpose of PURPOSES) {
      expect(await app.get(OneTimeTokens).look(purpose, links[purpose]), purpose).toBeUndefined();
    }
    const again = await app.client().post('/auth/password/reset', { token: links['reset-password'], password: 'x' });
    expect(again.body.code).toBe('INVALID_TOKEN');
    expect((await app.client().post('/auth/unlock', { token: links.unlock })).body.code).toBe('INVALID_TOKEN');
  }
}

it('after a reset nothing older opens the account, on any instance, and the owner is told', async () => {
  const held = await hold();
  expect((await lab.reset(held.links['reset-password'])).status).toBe(204);
  await expectDead(held);
  await lab.mail(held.owner.email, 'password-changed');
  await lab.signedIn(held.owner, NEW_PASSWORD);
});

it('nor after a change, but for the session that made it, under a new id', async () => {
  const held = await hold();
  const [browser] = held.browsers;
  const body = { currentPassword: 'correct horse battery staple', password: NEW_PASSWORD };
  const old = browser!.cookieHeader();
  expect((await browser!.post('/auth/password/change', body)).status).toBe(200);
  for (const app of [other, lab.app]) expect((await at(app, browser!)).status).toBe(200);
  const past = { ...held, browsers: [{ cookieHeader: () => old } as Client, held.browsers[1]!] };
  await expectDead(past);
  await lab.mail(held.owner.email, 'password-changed');
});

it('nor does a mailed sign-in code', async () => {
  for (const isReset of [false, true]) {
    const owner = await lab.newPerson();
    const browser = lab.app.client();
    const { challenge } = (await browser.post('/auth/email-code/request', { email: owner.email })).body;
    const { code } = await lab.mail(owner.email, 'sign-in-code');
    if (isReset) expect((await lab.reset(await lab.issue(owner))).status).toBe(204);
    const answer = await browser.post('/auth/email-code', { challenge, code });
    expect([answer.status === 200, answer.body.status === 'signed_in']).toEqual([!isReset, !isReset]);
    expect((await at(other, browser)).status).toBe(isReset ? 401 : 200);
  }
});
