import { Injectable } from '@nestjs/common';
import { AuthEvents } from './auth-events.js';
import { Metrics } from './metrics.service.js';

/** Counts events by type and outcome. */
@Injectable()
export class EventMetrics {
  constructor(events: AuthEvents, metrics: Metrics) {
    events.on('*', ({ type, outcome }) => metrics.count('auth_events', { type, outcome }));
  }
}
