import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { postgresUrl, redisUrl } from '../support/services.js';
import { refusedStart, temporaryFolder } from './quickstart-process.js';

const NEEDED = ['AUTH_SECRET', 'BASE_URL', 'DATABASE_URL', 'REDIS_URL', 'TRUSTED_PROXY_HOPS'];

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

  it('is refused in production with relaxed limits', async () => {
    const { code, output } = await refusedStart(folder.path, { NODE_ENV: 'production', RATE_LIMITS: 'relaxed' });
    expect(code).toBe(1);
    expect(output).toContain('- RATE_LIMITS=relaxed ');
  });

  it('is refused in production while there are no tables, which nothing makes there unasked', async () => {
    const { code, output } = await refusedStart(folder.path, {
      NODE_ENV: 'production',
      AUTH_SECRET: randomBytes(48).toString('base64url'),
      BASE_URL: 'https://notes.example.com',
      DATABASE_URL: await postgresUrl(),
      REDIS_URL: await redisUrl(),
      TRUSTED_PROXY_HOPS: '0',
      DATA_DIR: folder.path,
    });
    expect(code).toBe(1);
    expect(output).toMatch(/- The tables lag \d+ statements behind the entities/);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('lists every malformed variable at once', async () => {
    const malformed = {
      PORT: '70000',
      TRUSTED_PROXY_HOPS: 'one',
      RATE_LIMITS: 'none',
      HTTP_ADAPTER: 'koa',
      DATABASE_URL: 'mysql://127.0.0.1/notes',
    };
    const { code, output } = await refusedStart(folder.path, { ...malformed, ADMIN_EMAIL: 'warden@example.com' });
    expect(code).toBe(1);
    for (const name of Object.keys(malformed)) expect(output).toMatch(new RegExp(`- ${name} (must|can only) be`));
    expect(output).toContain('- ADMIN_EMAIL and ADMIN_PASSWORD ');
  });
});
