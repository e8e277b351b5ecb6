import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresUrl, redisUrl } from '../support/services.js';
import { Client } from '../support/client.js';
import { mailbox, mailTo, registered, tokenOf } from './dev-mailbox.js';
import { LOAD_TEST, startQuickstart, temporaryFolder, type Quickstart } from './quickstart-process.js';

const PASSWORD = 'seven hinges and one bell';
const OTHER_PASSWORD = 'nine keys on a rusty ring';

const MATRIX: readonly [name: string, environment: () => Promise<Record<string, string>>][] = [
  ['Express and SQLite', async () => ({ HTTP_ADAPTER: 'express' })],
  [
    'Fastify, PostgreSQL and Redis',
    async () => ({ HTTP_ADAPTER: 'fastify', DATABASE_URL: await postgresUrl(), REDIS_URL: await redisUrl() }),
  ],
];

describe.each(MATRIX)('mail of the quickstart on %s', (_name, environment) => {
  let quickstart: Quickstart;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const client = () => new Client(quickstart.url);
  const mail = (name: string, subject: RegExp) => mailTo(quickstart.url, `${name}@example.com`, subject);

  async function account(name: string): Promise<Client> {
    const user = client();
    await registered(quickstart.url, user, `${name}@example.com`, PASSWORD);
    return user;
  }

  async function signedIn(name: string): Promise<Client> {
    const user = await account(name);
    expect((await user.signIn(`${name}@example.com`, PASSWORD)).status).toBe(200);
    return user;
  }

  beforeAll(async () => {
    folder = await temporaryFolder();
    quickstart = await startQuickstart(folder.path, { ...(await environment()), ...LOAD_TEST });
  });

  afterAll(async () => {
    await quickstart?.stop();
    await folder?.remove();
  });

  it('is shown by GET /dev/mailbox: of one address or of all, newest first', async () => {
    await client().register('Ada@Example.com', PASSWORD);
    const first = await mail('ada', /confirm/i);
    expect(first).toEqual({
      to: 'Ada@Example.com',
      subject: expect.any(String),
      text: expect.stringContaining(first.links[0]!),
      html: expect.stringContaining('<!doctype html>'),
      links: [expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/verify-email#token=[\w-]+\.[\w-]+$/)],
      sentAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(first.links[0]).toContain(`${quickstart.url}/verify-email#`);

    await client().post('/auth/email/verify', { token: tokenOf(first) });
    await client().post('/auth/email-code/request', { email: 'ada@example.com' });
    const { code, links } = await mail('ada', /code/i);
    expect([code, links]).toEqual([expect.stringMatching(/^\d{6}$/), []]);

    await client().register('bea@example.com', PASSWORD);
    await mail('bea', /confirm/i);
    const all = await mailbox(quickstart.url);
    expect(all.map(({ to }) => to)).toEqual(['bea@example.com', 'Ada@Example.com', 'Ada@Example.com']);
    expect(await mailbox(quickstart.url, ' ADA@example.COM ')).toEqual(all.slice(1));
    expect(await mailbox(quickstart.url, 'nobody@example.com')).toEqual([]);

    const answer = await client().get('/dev/mailbox?to=a&to=b');
    expect([answer.status, answer.headers.get('Cache-Control')]).toEqual([200, 'no-store']);
  });

  it('lets a forgotten password be replaced, once, and ends every session', async () => {
    const cleo = await signedIn('cleo');
    expect((await client().post('/auth/password/forgot', { email: 'cleo@example.com' })).status).toBe(202);
    const token = tokenOf(await mail('cleo', /set a new password/i));
    expect((await client().post('/auth/password/reset', { token, password: 'short' })).body.code).toBe(
      'PASSWORD_REJECTED',
    );
    expect((await client().post('/auth/password/reset', { token, password: OTHER_PASSWORD })).status).toBe(204);
    expect((await client().post('/auth/password/reset', { token, password: OTHER_PASSWORD })).body.code).toBe(
      'INVALID_TOKEN',
    );
    expect((await cleo.get('/notes')).status).toBe(401);
    expect((await client().signIn('cleo@example.com', PASSWORD)).status).toBe(401);
    expect((await client().signIn('cleo@example.com', OTHER_PASSWORD)).status).toBe(200);
    expect((await mail('cleo', /has been changed/)).links).toEqual([]);
  });

  it('signs in by a link, and tells another browser whose it is', async () => {
    await account('dan');
    const dan = client();
    await dan.post('/auth/magic-link/request', { email: 'dan@example.com' });
    const token = tokenOf(await mail('dan', /sign-in link/i));
    const previewed = await dan.post('/auth/magic-link/preview', { token });
    expect(previewed.body).toEqual({ email: 'dan@example.com', sameBrowser: true });
    const elsewhere = await client().post('/auth/magic-link/preview', { token });
    expect(elsewhere.body).toEqual({ email: 'dan@example.com', sameBrowser: false });
    expect((await dan.post('/auth/magic-link', { token })).body).toMatchObject({ status: 'signed_in' });
    expect((await dan.get('/notes')).status).toBe(200);
  });

  it('signs in by a code', async () => {
    await account('eve');
    const eve = client();
    const { challenge } = (await eve.post('/auth/email-code/request', { email: 'eve@example.com' })).body;
    const { code } = await mail('eve', /sign-in code/i);
    expect((await eve.post('/auth/email-code', { challenge, code })).body).toMatchObject({ status: 'signed_in' });
    expect((await eve.get('/notes')).status).toBe(200);
  });

  it('moves an account to another address', async () => {
    const finn = await signedIn('finn');
    expect((await finn.post('/auth/email/change/request', { email: 'finley@example.com' })).status).toBe(202);
    await mail('finn', /new e-mail address/i);
    const token = tokenOf(await mail('finley', /confirm your new/i));
    expect((await client().post('/auth/email/change', { token })).status).toBe(204);
    await mail('finn', /has been changed/);
    expect((await client().signIn('finn@example.com', PASSWORD)).status).toBe(401);
    expect((await client().signIn('finley@example.com', PASSWORD)).status).toBe(200);
  });

  it('unlocks an account that guesses have locked', async () => {
    await account('gus');
    const stranger = client();
    for (let guess = 1; guess <= 5; guess += 1) await stranger.signIn('gus@example.com', `guess ${guess}, and wrong`);
    expect((await client().signIn('gus@example.com', PASSWORD)).status).toBe(429);
    const token = tokenOf(await mail('gus', /wrong passwords/i));
    const gus = client();
    expect((await gus.post('/auth/unlock', { token })).status).toBe(204);
    expect((await gus.signIn('gus@example.com', PASSWORD)).status).toBe(200);
  });
});
