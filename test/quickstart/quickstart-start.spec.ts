import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { startMailbox } from '../support/mailbox.js';
import { postgresUrl, redisUrl } from '../support/services.js';
import { mailbox as developmentMailbox, mailTo } from './dev-mailbox.js';
import { LOAD_TEST, npmStart, refusedStart, startQuickstart, temporaryFolder } from './quickstart-process.js';

const NEEDED = ['AUTH_SECRET', 'BASE_URL', 'DATABASE_URL', 'REDIS_URL', 'TRUSTED_PROXY_HOPS', 'SMTP_URL'];

describe('the start of the quickstart', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeEach(async () => {
    folder = await temporaryFolder();
  });

  afterEach(() => folder.remove());

  it('is refused in production with nothing set, and lists all that is missing at once', async () => {
    const { code, output } = await refusedStart(folder.path, { NODE_ENV: 'production' });
    expect(code).toBe(1);
    for (const name of NEEDED) expect(output).toContain(`- ${name} is not set: `);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('takes a public address for production when nobody said so', async () => {
    const { output } = await refusedStart(folder.path, { BASE_URL: 'https://notes.example.com' });
    expect(output).toContain('- AUTH_SECRET is not set: ');
    expect(output).not.toContain('- BASE_URL is not set: ');
  });

  it('is refused in production with what load tests need', async () => {
    const { code, output } = await refusedStart(folder.path, { NODE_ENV: 'production', ...LOAD_TEST });
    expect(code).toBe(1);
    expect(output).toContain('- RATE_LIMITS=relaxed ');
    expect(output).toContain('- PASSWORD_COST below 10 ');
  });

  it('works in production with everything set: tables by migration, cookies for https, a checklist without refusal', async () => {
    const mailbox = await startMailbox();
    const quickstart = await startQuickstart(folder.path, {
      NODE_ENV: 'production',
      AUTH_SECRET: randomBytes(48).toString('base64url'),
      BASE_URL: 'https://notes.example.com',
      DATABASE_URL: await postgresUrl(),
      REDIS_URL: await redisUrl(),
      TRUSTED_PROXY_HOPS: '0',
      SMTP_URL: `smtp://127.0.0.1:${mailbox.port}`,
      MAIL_FROM: 'Notes <notes@example.com>',
      ADMIN_EMAIL: 'warden@example.com',
      ADMIN_PASSWORD: 'a long password for the warden',
    });
    try {
      expect(quickstart.output()).toMatch(/Production checklist: \d+ of \d+ checks passed/);
      const call = (path: string, init?: RequestInit) => fetch(quickstart.url + path, init);
      const signedIn = await call('/auth/login', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'warden@example.com', password: 'a long password for the warden' }),
      });
      expect(signedIn.status).toBe(200);
      const [session = ''] = signedIn.headers.getSetCookie();
      expect(session).toMatch(/^__Host-auth_session=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
      const cookie = session.split(';')[0]!;
      expect((await call('/reports', { headers: { cookie } })).status).toBe(200);
      for (const path of ['/docs', '/docs-json', '/dev/checklist', '/dev/mailbox']) {
        expect((await call(path)).status).toBe(404);
      }
      await new Client(quickstart.url).register('ada@example.com', 'seven hinges and one bell');
      const mail = await mailbox.next('ada@example.com', 'verify-email');
      expect(mail.from).toContain('notes@example.com');
      expect(mail.links[0]).toMatch(/^https:\/\/notes\.example\.com\/verify-email#token=/);
    } finally {
      await quickstart.stop();
      await mailbox.close();
    }
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('with a mail server outside production sends mail, and shows it', async () => {
    const mailbox = await startMailbox();
    const quickstart = await startQuickstart(folder.path, { SMTP_URL: `smtp://127.0.0.1:${mailbox.port}` });
    try {
      await new Client(quickstart.url).register('ada@example.com', 'seven hinges and one bell');
      const sent = await mailbox.next('ada@example.com');
      const shown = await mailTo(quickstart.url, 'ada@example.com', /confirm/i);
      expect([shown.subject, shown.links[0]]).toEqual([sent.subject, sent.links[0]]);
    } finally {
      await quickstart.stop();
      await mailbox.close();
    }
  });

  it('asks nobody to confirm an address with EMAIL_VERIFICATION=off', async () => {
    const quickstart = await startQuickstart(folder.path, { EMAIL_VERIFICATION: 'off' });
    try {
      const ada = new Client(quickstart.url);
      await ada.register('ada@example.com', 'seven hinges and one bell');
      expect((await ada.signIn('ada@example.com', 'seven hinges and one bell')).status).toBe(200);
      expect(await developmentMailbox(quickstart.url)).toEqual([]);
    } finally {
      await quickstart.stop();
    }
  });

  it('by npm start serves the gate, and ends with it', async () => {
    const checkout = join(import.meta.dirname, '..', '..');
    const quickstart = await npmStart(checkout, folder.path, 120_000, process.env['HOME'] ?? '');
    expect((await fetch(`${quickstart.url}/public`)).status).toBe(200);
    expect((await fetch(`${quickstart.url}/notes`)).status).toBe(401);
    await quickstart.stop();
    await expect
      .poll(
        () =>
          fetch(`${quickstart.url}/public`).then(
            () => 'up',
            () => 'down',
          ),
        { timeout: 10_000 },
      )
      .toBe('down');
  }, 150_000);

  it('lists every malformed variable at once', async () => {
    const malformed = {
      PORT: '70000',
      TRUSTED_PROXY_HOPS: 'one',
      RATE_LIMITS: 'none',
      PASSWORD_COST: '16',
      HTTP_ADAPTER: 'koa',
      DATABASE_URL: 'mysql://127.0.0.1/notes',
      EMAIL_VERIFICATION: 'sometimes',
      SMTP_URL: 'https://mail.example.com',
      SECOND_FACTOR: 'sometimes',
      OIDC_ISSUER: 'sso.example.com',
    };
    const { code, output } = await refusedStart(folder.path, { ...malformed, ADMIN_EMAIL: 'warden@example.com' });
    expect(code).toBe(1);
    for (const name of Object.keys(malformed)) expect(output).toMatch(new RegExp(`- ${name} (must|can only) be`));
    expect(output).toContain('- ADMIN_EMAIL and ADMIN_PASSWORD ');
    expect(output).toContain('- OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET ');
  });
});
