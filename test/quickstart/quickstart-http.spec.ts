import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresUrl, redisUrl } from '../support/services.js';
import { Client } from '../support/client.js';
import { mailbox, mailTo, registered, tokenOf } from './dev-mailbox.js';
import { LOAD_TEST, startQuickstart, temporaryFolder, type Quickstart } from './quickstart-process.js';

const PASSWORD = 'seven hinges and one bell';
const ADMIN = { email: 'warden@example.com', password: 'the warden keeps nine keys' };

const SQLITE = async () => ({});
const SERVERS = async () => ({ DATABASE_URL: await postgresUrl(), REDIS_URL: await redisUrl() });

const MATRIX: readonly [name: string, adapter: string, storage: () => Promise<Record<string, string>>][] = [
  ['Express and SQLite', 'express', SQLITE],
  ['Fastify, PostgreSQL and Redis', 'fastify', SERVERS],
];

describe.each(MATRIX)('the quickstart on %s', (_name, adapter, storage) => {
  let quickstart: Quickstart;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let environment: Record<string, string>;
  const client = () => new Client(quickstart.url);

  async function signedIn(name: string): Promise<Client> {
    const user = client();
    await registered(quickstart.url, user, `${name}@example.com`, PASSWORD);
    expect((await user.signIn(`${name}@example.com`, PASSWORD)).status).toBe(200);
    return user;
  }

  beforeAll(async () => {
    folder = await temporaryFolder();
    environment = {
      ...(await storage()),
      HTTP_ADAPTER: adapter,
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
      ...LOAD_TEST,
    };
    quickstart = await startQuickstart(folder.path, environment);
  });

  afterAll(async () => {
    await quickstart?.stop();
    await folder?.remove();
  });

  it('registers, confirms the address, signs in, guards, signs out and guards again', async () => {
    const ada = client();
    expect((await ada.get('/notes')).status).toBe(401);
    const registered = await ada.post('/auth/register', { email: 'ada@example.com', password: PASSWORD });
    expect(registered.status).toBe(202);
    expect((await ada.get('/auth/session')).body).toEqual({ user: null });
    expect((await ada.signIn('ada@example.com', PASSWORD)).body).toMatchObject({ code: 'INVALID_CREDENTIALS' });
    // The right password of an unconfirmed address asks for the link again, and of two links the newer one works.
    await expect
      .poll(async () => (await mailbox(quickstart.url, 'ada@example.com')).length, { timeout: 15_000 })
      .toBe(2);
    const token = tokenOf(await mailTo(quickstart.url, 'ada@example.com', /confirm/i));
    expect((await ada.post('/auth/email/verify', { token })).status).toBe(204);

    const answer = await ada.signIn('ada@example.com', PASSWORD);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ status: 'signed_in', user: { email: 'ada@example.com', roles: [] } });

    const session = await ada.get('/auth/session');
    expect(session.body).toMatchObject({ user: { email: 'ada@example.com' }, methods: ['pwd'] });
    expect(session.body.csrfToken).toBe(ada.csrfToken);

    const added = await ada.post('/notes', { text: 'Oil the hinges.' });
    expect(added.status).toBe(201);
    expect((await ada.get('/notes')).body.items).toEqual([added.body]);

    expect((await ada.post('/auth/logout')).status).toBe(204);
    expect((await ada.get('/notes')).status).toBe(401);
    expect((await ada.post('/notes', { text: 'Too late.' })).status).toBe(401);
  });

  it('refuses a note without the CSRF token', async () => {
    const bea = await signedIn('bea');
    bea.csrfToken = undefined;
    const refused = await bea.post('/notes', { text: 'Forged.' });
    expect(refused.status).toBe(403);
    expect(refused.body.code).toBe('CSRF_FAILED');
  });

  it('shows nobody the notes of another', async () => {
    const [cleo, dan] = [await signedIn('cleo'), await signedIn('dan')];
    await cleo.post('/notes', { text: 'For my eyes.' });
    expect((await dan.get('/notes')).body).toEqual({ items: [] });
  });

  it('refuses what is no note', async () => {
    const eve = await signedIn('eve');
    const bodies = [
      {},
      [],
      { text: 7 },
      { text: '  ' },
      { text: 'x'.repeat(2_001) },
      { text: 'a\0b' },
      { text: ['a'] },
    ];
    for (const body of bodies) {
      const refused = await eve.post('/notes', body);
      expect(refused.status).toBe(400);
      expect(refused.body.details).toEqual([expect.objectContaining({ field: 'text' })]);
    }
    expect((await eve.post('/notes', { text: '\u{1f511}'.repeat(2_000) })).status).toBe(201);
  });

  it('opens the reports to the administrator of the environment alone', async () => {
    expect((await client().get('/reports')).status).toBe(401);
    const refused = await (await signedIn('finn')).get('/reports');
    expect(refused.status).toBe(403);
    expect(refused.body.code).toBe('FORBIDDEN');

    const warden = client();
    await warden.signIn(ADMIN.email, ADMIN.password);
    expect((await warden.get('/reports')).body).toEqual({ notes: expect.any(Number) });
  });

  it('serves the page, and nothing beside it, under a strict policy', async () => {
    const page = await client().get('/');
    expect(page.status).toBe(200);
    expect(page.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('Content-Security-Policy')).toMatch(/^default-src 'self';/);
    expect(page.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(page.text).not.toMatch(/<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=/);
    for (const path of ['/verify-email', '/reset-password', '/change-email', '/magic-link', '/unlock']) {
      const linked = await client().get(path);
      expect([linked.status, linked.text]).toEqual([200, page.text]);
      expect(linked.headers.get('Content-Security-Policy')).toBe(page.headers.get('Content-Security-Policy'));
    }

    const script = await client().get('/assets/app.js');
    expect(script.headers.get('Content-Type')).toBe('text/javascript; charset=utf-8');
    for (const name of ['none.js', '..%2Fpackage.json', '..%2Fdist%2Fmain.js', '__proto__']) {
      expect((await client().get(`/assets/${name}`)).status).toBe(404);
    }
  });

  it('has public, docs and checklist routes in development', async () => {
    expect((await client().get('/public')).status).toBe(200);
    const docs = await client().get('/docs-json');
    expect((await client().get('/docs')).headers.get('content-type')).toContain('text/html');
    expect(docs.status).toBe(200);
    expect(docs.body.paths['/notes'].post.security).toBeDefined();
    expect(docs.body.paths['/notes'].post.responses).toHaveProperty('401');
    expect(docs.body.paths['/public'].get.security ?? []).toEqual([]);
    const report = await client().get('/dev/checklist');
    expect(report.body.entries.length).toBeGreaterThan(5);
  });

  it('keeps users, sessions and notes over a restart', async () => {
    const gus = await signedIn('gus');
    await gus.post('/notes', { text: 'Still here.' });
    const { port } = new URL(quickstart.url);
    await quickstart.stop();
    quickstart = await startQuickstart(folder.path, { ...environment, PORT: port });
    expect((await gus.get('/notes')).body.items).toEqual([expect.objectContaining({ text: 'Still here.' })]);
    expect((await stat(join(folder.path, 'secret'))).mode & 0o777).toBe(0o600);
  });
});
