import { Controller, Get } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Auth } from '../../lib/index.js';
import {
  findMariadb,
  installMariadb,
  type MariadbInstallation,
  type MariadbProcess,
} from '../../tools/lib/mariadb.mjs';
import { createDatabase } from '../../tools/lib/services.mjs';
import { startApp, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';

@Controller('notes')
class NotesController {
  @Get()
  @Auth()
  notes(): object {
    return { notes: [] };
  }
}

describe('MariaDB fails under a running application', () => {
  let installation: MariadbInstallation;
  let server: MariadbProcess;
  let app: TestApp;
  let ada: Client;

  beforeAll(async () => {
    installation = await installMariadb(findMariadb()!);
    server = await installation.run({ keep: true });
    app = await startApp({
      databaseUrl: await createDatabase(installation.url, 'faults_'),
      controllers: [NotesController],
      auth: { database: { timeout: '1s' }, rateLimits: { multiplier: 1_000 } },
    });
    ada = app.client();
    await ada.register('ada@example.com');
    await ada.signIn('ada@example.com');
  });
  afterAll(async () => {
    // A server that a failed test has left silent would hold up the application's end.
    await server.stop();
    await app.close();
    installation.remove();
  });

  async function refused(path: string, body: object): Promise<void> {
    const begun = performance.now();
    const answer = await app.client().post(path, body);
    expect(performance.now() - begun).toBeLessThan(2_500);
    expect(answer.body).toMatchObject({ statusCode: 503, code: 'STORE_UNAVAILABLE' });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  }

  async function outage(): Promise<void> {
    const eve = { email: 'eve@example.com', password: 'correct horse battery staple' };
    await refused('/auth/register', eve);
    await refused('/auth/login', { email: 'ada@example.com', password: eve.password });
  }

  async function recovered(): Promise<void> {
    const begun = performance.now();
    for (;;) {
      const { status } = await app.client().signIn('ada@example.com');
      if (status === 200) break;
      expect(status).toBe(503);
      expect(performance.now() - begun).toBeLessThan(5_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect((await ada.get('/notes')).status).toBe(200);
  }

  async function eves(): Promise<unknown[]> {
    return app.dataSource.query("SELECT id FROM users WHERE email_canonical = 'eve@example.com'");
  }

  /** Requests that are under way while something happens to the server. */
  async function under(happening: () => Promise<void> | void): Promise<number[]> {
    const many = Array.from({ length: 20 }, (_, index) => app.client().register(`under${index}@example.com`));
    await happening();
    return (await Promise.all(many)).map(({ status }) => status);
  }

  it('killed: 503, the process lives, and all is well when it is back', async () => {
    expect(await under(() => server.stop())).toSatisfy((statuses: number[]) => statuses.every(isCleanAnswer));
    await outage();
    server = await installation.run({ keep: true });
    await recovered();
    expect(await eves()).toEqual([]);
  });

  it('silent: 503 within the deadline, nothing half-written, and no connection is lost for good', async () => {
    const begun = performance.now();
    const statuses = await under(() => void process.kill(server.pid, 'SIGSTOP'));
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(statuses).toSatisfy((all: number[]) => all.every(isCleanAnswer) && all.includes(503));
    await outage();
    process.kill(server.pid, 'SIGCONT');
    await recovered();
    expect(await eves()).toEqual([]);
    const [{ n }] = await app.dataSource.query(
      'SELECT count(*) AS n FROM users u LEFT JOIN auth_accounts a ON a.user_id = u.id WHERE a.user_id IS NULL',
    );
    expect(Number(n)).toBe(0);
  });

  it('silent, then killed and run again: 503, and all is well', async () => {
    process.kill(server.pid, 'SIGSTOP');
    await outage();
    await server.stop();
    await outage();
    server = await installation.run({ keep: true });
    await recovered();
    expect(await eves()).toEqual([]);
  });

  it('full of other people’s connections: 503 until there is room', async () => {
    const others = new DataSource({ type: 'mariadb', url: installation.url, extra: { connectionLimit: 40 } });
    await others.initialize();
    await others.query('SET GLOBAL max_connections = 20');
    const runners = Array.from({ length: 40 }, () => others.createQueryRunner());
    const asked = await Promise.allSettled(runners.map((runner) => runner.connect()));
    expect(asked.some(({ status }) => status === 'rejected')).toBe(true);
    const held = runners[asked.findIndex(({ status }) => status === 'fulfilled')]!;
    const ours = await held.query('SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB LIKE ?', ['faults_%']);
    for (const { id } of ours) await held.query(`KILL ${id}`);
    // Room that this made is taken as well.
    const more = Array.from({ length: 20 }, () => others.createQueryRunner());
    await Promise.allSettled(more.map((runner) => runner.connect()));
    await outage();
    await Promise.all([...runners, ...more].map((runner) => runner.release().catch(() => undefined)));
    await others.destroy();
    await recovered();
  });
});

/** What a registration may be answered while its database fails: done, or not done and to be tried again. */
function isCleanAnswer(status: number): boolean {
  return status === 202 || status === 503;
}
