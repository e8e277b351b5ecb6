export { PROMETHEUS_REGISTRY, PrometheusMetrics } from './prometheus-metrics.js';
