import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { Checklist } from '../checklist/checklist.js';

/** How many findings of each severity the last run of the checklist left unaccepted. `warn` includes what could not be checked. */
export interface GatehouseHealth {
  readonly refuse: number;
  readonly warn: number;
  readonly note: number;
}

const NOTHING_RUN: GatehouseHealth = { refuse: 0, warn: 0, note: 0 };

/**
 * The production checklist for `@nestjs/terminus`: up or down and three counts, never a finding, so that it may be public.
 * It shows the last result and runs nothing: no call costs a hash, a statement or a connection. Down is only what would
 * refuse a start. Whether the database answers at this moment is for the indicators of Terminus itself.
 *
 * @example
 * health.check([() => gatehouse.isHealthy('auth')])
 */
@Injectable()
export class GatehouseHealthIndicator {
  constructor(
    private readonly checklist: Checklist,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** @param key its name in the answer. Default `gatehouse`. */
  isHealthy<const Key extends string = 'gatehouse'>(
    key: Key = 'gatehouse' as Key,
  ): HealthIndicatorResult<Key, 'up' | 'down', GatehouseHealth> {
    const { refuse, warn, note } = this.checklist.last()?.counts ?? NOTHING_RUN;
    const session = this.indicators.check(key);
    return refuse === 0 ? session.up({ refuse, warn, note }) : session.down({ refuse, warn, note });
  }
}
