import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Checklist, PasswordHasher, Public } from '../../lib/index.js';
import { GatehouseHealthIndicator } from '../../lib/terminus/index.js';
import { startApp, type TestApp } from '../support/app.js';

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly gatehouse: GatehouseHealthIndicator,
  ) {}

  @Get()
  @Public()
  @HealthCheck()
  check() {
    return this.health.check([() => this.gatehouse.isHealthy(), () => this.gatehouse.isHealthy('auth')]);
  }
}

const started: TestApp[] = [];
let good: TestApp;
let bad: TestApp;

async function start(accept: Record<string, string>): Promise<TestApp> {
  const app = await startApp({
    imports: [TerminusModule.forRoot({ logger: false })],
    controllers: [HealthController],
    providers: [GatehouseHealthIndicator],
    auth: { checklist: { accept } },
  });
  started.push(app);
  return app;
}

async function health({ url }: TestApp) {
  const answer = await fetch(`${url}/health`);
  return { status: answer.status, body: (await answer.json()) as Record<string, Record<string, unknown>> };
}

beforeAll(async () => {
  bad = await start({});
  const { entries } = await bad.get(Checklist).report();
  const refusing = entries.filter(({ outcome, severity }) => outcome === 'finding' && severity === 'refuse');
  good = await start(Object.fromEntries(refusing.map(({ id }) => [id, 'This is a test.'])));
});
afterAll(() => Promise.all(started.map((app) => app.close())));

it('before the checklist has run it is up, and says nothing', async () => {
  expect(await health(good)).toMatchObject({
    status: 200,
    body: { details: { gatehouse: { status: 'up', refuse: 0, warn: 0, note: 0 } } },
  });
});

it('an unaccepted refusal is down, with three counts and no finding', async () => {
  const { status, body } = await health(bad);
  const { counts } = bad.get(Checklist).last()!;
  const expected = { status: 'down', refuse: counts.refuse, warn: counts.warn, note: counts.note };
  expect(counts.refuse).toBeGreaterThan(0);
  expect(status).toBe(503);
  expect(body['details']).toEqual({ gatehouse: expected, auth: expected });
  expect(JSON.stringify(body)).not.toMatch(/keys\.|database\.|store\.|https?:/);
});

it('accepted findings and warnings are up', async () => {
  await good.get(Checklist).report();
  const { status, body } = await health(good);
  expect(status).toBe(200);
  expect(body['details']?.['gatehouse']).toMatchObject({ status: 'up', refuse: 0 });
  expect(good.get(Checklist).last()!.counts.accepted).toBeGreaterThan(0);
  expect(good.get(Checklist).last()!.counts.warn).toBeGreaterThan(0);
});

it('asking runs nothing', async () => {
  const report = vi.spyOn(good.get(Checklist), 'report');
  const hash = vi.spyOn(good.get(PasswordHasher), 'hash');
  await Promise.all(Array.from({ length: 20 }, () => health(good)));
  expect(report).not.toHaveBeenCalled();
  expect(hash).not.toHaveBeenCalled();
});
