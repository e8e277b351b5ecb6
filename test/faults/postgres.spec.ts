import { Controller, Get } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Auth } from '../../lib/index.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';
import { postgresUrl } from '../support/services.js';
import { Wire } from './wire.js';

@Controller('notes')
class NotesController {
  @Get()
  @Auth()
  notes(): object {
    return { notes: [] };
  }
}

describe.each(ADAPTERS)('PostgreSQL fails under a running application on %s', (adapter) => {
  const wire = new Wire();
  let target: string;
  let app: TestApp;
  let ada: Client;

  beforeAll(async () => {
    target = await postgresUrl();
    await wire.open(target);
    app = await startApp({
      adapter,
      databaseUrl: wire.url,
      controllers: [NotesController],
      auth: { database: { timeout: '1s' } },
    });
    ada = app.client();
    await ada.register('ada@example.com');
    await ada.signIn('ada@example.com');
  });
  afterAll(async () => {
    wire.clogged = false;
    await app.close();
    await wire.cut();
  });

  async function outage(): Promise<void> {
    for (const path of ['/auth/register', '/auth/login']) {
      const begun = performance.now();
      const { body, headers } = await app
        .client()
        .post(path, { email: 'eve@example.com', password: 'correct horse battery staple' });
      expect(performance.now() - begun).toBeLessThan(2_500);
      expect(body).toMatchObject({ statusCode: 503, code: 'STORE_UNAVAILABLE' });
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
  }

  async function recovered(): Promise<void> {
    const begun = performance.now();
    while ((await app.client().signIn('ada@example.com')).status !== 200) {
      expect(performance.now() - begun).toBeLessThan(5_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect((await ada.get('/notes')).status).toBe(200);
  }

  it('gone: 503, the process lives, and all is well when it is back', async () => {
    await wire.cut();
    await outage();
    await wire.open(target);
    await recovered();
  });

  it('silent: 503 within the deadline, and nothing half-written', async () => {
    wire.clogged = true;
    await outage();
    await wire.cut();
    wire.clogged = false;
    await wire.open(target);
    await recovered();
    const rows = await app.dataSource.query("SELECT id FROM users WHERE email_canonical = 'eve@example.com'");
    expect(rows).toHaveLength(0);
  });
});
