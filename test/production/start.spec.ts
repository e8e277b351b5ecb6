import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { beforeAll, describe, expect, it } from 'vitest';
import { postgresUrl, redisUrl } from '../support/services.js';
import { ROOT, runScript, SAMPLE, type Environment } from './processes.js';

const MAIN = join(SAMPLE, 'dist', 'main.js');
const MIGRATE = join(SAMPLE, 'dist', 'migrate.js');
const TYPEORM = join(ROOT, 'node_modules', 'typeorm', 'cli.js');
const NEEDED = [
  'NODE_ENV',
  'AUTH_SECRET',
  'BASE_URL',
  'DATABASE_URL',
  'REDIS_URL',
  'SMTP_URL',
  'MAIL_FROM',
  'INSTANCES',
  'TRUSTED_PROXY_HOPS',
];

describe('the start of a worker', () => {
  it('is refused with nothing set, and lists all that is missing at once', async () => {
    const { code, output } = await runScript(MAIN, {});
    expect(code).toBe(1);
    for (const name of NEEDED) expect(output).toContain(`  - ${name} is not set: `);
  });

  it('is refused with everything malformed, and lists all of it without repeating a value', async () => {
    const malformed = {
      NODE_ENV: 'development',
      BASE_URL: 'http://api.example.com',
      APP_ORIGINS: 'https://app.example.com, https://app.example.com/path',
      DATABASE_URL: 'mysql://marker@127.0.0.1/orders',
      DATABASE_POOL: '0',
      PASSWORD_COST: '9',
      REDIS_URL: 'marker',
      REDIS_NETWORK: 'public',
      SMTP_URL: 'https://marker@127.0.0.1',
      SMTP_CA: '/nowhere/marker.pem',
      INSTANCES: 'two',
      TRUSTED_PROXY_HOPS: '-1',
      PORT: '70000',
    };
    const halves = { AUTH_SECRET: 'marker', AUTH_SECRET_PREVIOUS: 'marker', ADMIN_EMAIL: 'warden@example.com' };
    const { code, output } = await runScript(MAIN, { ...malformed, ...halves });
    expect(code).toBe(1);
    for (const name of Object.keys(malformed)) expect(output).toMatch(new RegExp(`- ${name} (must|can only) `));
    expect(output).toContain('- ADMIN_EMAIL and ADMIN_PASSWORD ');
    expect(output).toContain('- AUTH_SECRET_PREVIOUS and AUTH_SECRET_PREVIOUS_UNTIL ');
    expect(output).not.toContain('marker');
  });
});

describe('the tables', () => {
  let environment: Environment;

  beforeAll(async () => {
    environment = {
      NODE_ENV: 'production',
      AUTH_SECRET: randomBytes(48).toString('base64url'),
      BASE_URL: 'https://api.example.com',
      DATABASE_URL: await postgresUrl(),
      REDIS_URL: await redisUrl(),
      SMTP_URL: 'smtp://127.0.0.1:1',
      MAIL_FROM: 'Order book <orders@example.com>',
      INSTANCES: '2',
      TRUSTED_PROXY_HOPS: '1',
      PORT: '0',
    };
  });

  it('are missing: no worker starts', async () => {
    const { code, output } = await runScript(MAIN, environment);
    expect(code).toBe(1);
    expect(output).toMatch(/- the table auth_sessions .* Run a migration/);
  });

  it('are made by the migrations, once, and are then those of the entities', async () => {
    const { DATABASE_URL = '' } = environment;
    expect(await runScript(MIGRATE, { DATABASE_URL })).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^Migrated: /),
    });
    expect((await runScript(MIGRATE, { DATABASE_URL })).output).toBe('The tables are up to date.\n');
    const check = ['migration:generate', '-d', 'dist/data-source.js', '--check', 'migrations/none'];
    const { code, output } = await runScript(TYPEORM, { DATABASE_URL }, ...check);
    expect(output).toContain('No changes in database schema were found');
    expect(code).toBe(0);
  });

  it('lack what a newer release brings: no worker starts, and it says what to run', async () => {
    const database = await new DataSource({ type: 'postgres', url: environment['DATABASE_URL'] }).initialize();
    await database.query('DELETE FROM migrations WHERE id = (SELECT max(id) FROM migrations)');
    await database.destroy();
    const { code, output } = await runScript(MAIN, environment);
    expect(code).toBe(1);
    expect(output).toContain('  - the database lacks migrations: run `npm run migrate` ');
  });

  it('are not migrated without a database', async () => {
    const { code, output } = await runScript(MIGRATE, {});
    expect(code).toBe(1);
    expect(output).toContain('  - DATABASE_URL is not set: ');
  });
});
