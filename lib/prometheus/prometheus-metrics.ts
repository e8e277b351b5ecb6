import { Inject, Injectable, Optional } from '@nestjs/common';
import { Counter, Histogram, register, type Registry } from 'prom-client';
import { AuthMetrics, type AuthCounter, type AuthTimer, type MetricLabels } from '../events/auth-metrics.js';

/** Token of the `Registry` of `prom-client` that is written to. Default: its global `register`. */
export const PROMETHEUS_REGISTRY = Symbol('gatehouse:prometheus-registry');

const COUNTERS: Readonly<Record<AuthCounter, { readonly help: string; readonly labels: readonly string[] }>> = {
  auth_events: { help: 'Events of the audit trail.', labels: ['type', 'outcome'] },
  auth_refusals: { help: 'Requests to endpoints of Gatehouse answered 429.', labels: ['code', 'handler'] },
  auth_access_refusals: { help: 'Signed-in principals refused a route.', labels: ['code'] },
  auth_address_refusals: { help: 'Calls answered ADDRESS_BLOCKED.', labels: ['transport'] },
  auth_csrf_failures: { help: 'Requests answered CSRF_FAILED.', labels: ['reason'] },
  auth_foreign_challenges: { help: 'Answers to challenges that are none of ours.', labels: ['method'] },
  auth_api_key_refusals: { help: 'API keys answered 401.', labels: ['reason'] },
};

const TIMERS: Readonly<Record<AuthTimer, { readonly help: string; readonly labels: readonly string[] }>> = {
  auth_password_hash: { help: 'One password hash, without its wait.', labels: ['outcome'] },
  auth_sign_in: { help: 'From the proof of identity to the session.', labels: ['method', 'outcome'] },
  auth_mail_delivery: { help: 'Handing one mail to the transport.', labels: ['kind', 'outcome'] },
};

/** Seconds: a cached session takes a millisecond, a hash a quarter of a second, a mail server its time. */
const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Measurements of Gatehouse for Prometheus, through `prom-client`: counters as `auth_events_total`, timers as histograms
 * such as `auth_sign_in_seconds`. Serving them is the application's: no route is added.
 *
 * @example
 * overrides: [{ provide: AuthMetrics, useClass: PrometheusMetrics }]
 */
@Injectable()
export class PrometheusMetrics extends AuthMetrics {
  private readonly counters: Readonly<Record<AuthCounter, Counter>>;
  private readonly timers: Readonly<Record<AuthTimer, Histogram>>;

  constructor(@Optional() @Inject(PROMETHEUS_REGISTRY) registry: Registry = register) {
    super();
    this.counters = mapped(COUNTERS, (name, { help, labels }) =>
      metricOf(registry, `${name}_total`, (fullName) => {
        return new Counter({ name: fullName, help, labelNames: [...labels], registers: [registry] });
      }),
    );
    this.timers = mapped(TIMERS, (name, { help, labels }) =>
      metricOf(registry, `${name}_seconds`, (fullName) => {
        return new Histogram({
          name: fullName,
          help,
          labelNames: [...labels],
          buckets: BUCKETS,
          registers: [registry],
        });
      }),
    );
  }

  override count(name: AuthCounter, labels: MetricLabels): void {
    this.counters[name].inc({ ...labels });
  }

  override time(name: AuthTimer, ms: number, labels: MetricLabels): void {
    this.timers[name].observe({ ...labels }, ms / 1_000);
  }
}

/** Two applications in one process share a registry, which refuses a name that it has. */
function metricOf<M extends Counter | Histogram>(registry: Registry, name: string, make: (name: string) => M): M {
  return (registry.getSingleMetric(name) as M | undefined) ?? make(name);
}

function mapped<K extends string, D, M>(
  definitions: Readonly<Record<K, D>>,
  make: (name: K, definition: D) => M,
): Readonly<Record<K, M>> {
  const entries = (Object.entries(definitions) as [K, D][]).map(([name, definition]) => [name, make(name, definition)]);
  return Object.fromEntries(entries) as Record<K, M>;
}
