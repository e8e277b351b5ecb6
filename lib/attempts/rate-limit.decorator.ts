import { SetMetadata } from '@nestjs/common';
import type { RouteBudgetName } from './budgets.js';

export const RATE_LIMIT = 'gatehouse:rate-limit';

/** Counts the route, or every route of the controller, against this budget instead of the general ones. */
export function RateLimit(budget: RouteBudgetName): MethodDecorator & ClassDecorator {
  return SetMetadata(RATE_LIMIT, budget);
}
