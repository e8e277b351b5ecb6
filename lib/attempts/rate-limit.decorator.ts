import { SetMetadata } from '@nestjs/common';
import type { RouteBudgetName } from './budgets.js';

export const RATE_LIMIT = 'gatehouse:rate-limit';

export interface RateLimitRule {
  readonly budget: RouteBudgetName;
  /** What happens while hits cannot be counted. Default `refuse`: 503. */
  readonly whenStoreIsDown: 'refuse' | 'allow';
}

/** Counts the route, or every route of the controller, against this budget instead of the general ones. */
export function RateLimit(
  budget: RouteBudgetName,
  { whenStoreIsDown = 'refuse' }: Partial<Pick<RateLimitRule, 'whenStoreIsDown'>> = {},
): MethodDecorator & ClassDecorator {
  const rule: RateLimitRule = { budget, whenStoreIsDown };
  return SetMetadata(RATE_LIMIT, rule);
}
