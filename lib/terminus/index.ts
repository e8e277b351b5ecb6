export { GatehouseHealthIndicator, type GatehouseHealth } from './gatehouse-health.indicator.js';
