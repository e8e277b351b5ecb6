import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthMetrics } from '../../lib/index.js';
import { PROMETHEUS_REGISTRY, PrometheusMetrics } from '../../lib/prometheus/index.js';
import { startApp, type TestApp } from '../support/app.js';

describe('measurements for Prometheus', () => {
  const registry = new Registry();
  let app: TestApp;

  beforeAll(async () => {
    const overrides = [
      { provide: PROMETHEUS_REGISTRY, useValue: registry },
      { provide: AuthMetrics, useClass: PrometheusMetrics },
    ];
    app = await startApp({ auth: { overrides } });
    const client = app.client();
    await client.register('ada@example.com');
    await client.signIn('ada@example.com');
    await client.signIn('ada@example.com', 'not the one that it was');
  });
  afterAll(() => app.close());

  it('counts events and times work', async () => {
    await expect
      .poll(() => registry.metrics())
      .toContain('auth_events_total{type="sign_in.failed",outcome="failure"} 1');
    const text = await registry.metrics();
    expect(text).toContain('auth_events_total{type="sign_in.succeeded",outcome="success"} 1');
    expect(text).toMatch(/auth_sign_in_seconds_count\{method="pwd",outcome="success"\} 1/);
    expect(text).toMatch(/auth_password_hash_seconds_bucket\{le="0\.001",outcome="success"\} \d/);
  });

  it('names nobody', async () => {
    expect(await registry.metrics()).not.toMatch(/ada|127\.0\.0\.1|example/);
  });

  it('shares a registry with another application of the process', () => {
    expect(() => new PrometheusMetrics(registry)).not.toThrow();
  });
});
