import { Injectable } from '@nestjs/common';
import { addressNetwork, addressSupernet } from '../common/client-address.js';
import { AuthError } from '../errors/auth-error.js';
import { AuthSettings } from '../options/auth-settings.js';
import { StateStore } from '../store/state-store.js';
import { spelledDuration } from './budget-table.js';
import { ROUTE_BUDGETS, SUPERNET_FACTOR, type RouteBudget, type RouteBudgetName } from './budgets.js';

/** Limits that a service counts itself, because only it knows for whom. */
@Injectable()
export class RateLimits {
  constructor(
    private readonly store: StateStore,
    private readonly settings: AuthSettings,
  ) {}

  /** Counts one hit for a session. Throws `RATE_LIMITED` (429). */
  async countSession(name: RouteBudgetName, sid: string): Promise<void> {
    const budget = ROUTE_BUDGETS[name];
    const limit = { limit: allowedHits(budget, this.settings), windowMs: budget.windowMs };
    const { allowed, resetMs } = await this.store.consume(`gh:rate:${name}:s:${sid}`, limit);
    if (!allowed) throw rateLimited(name, this.settings, resetMs);
  }

  /** Counts one hit for a client address, the narrowest network first. Throws `RATE_LIMITED` (429). */
  async countAddress(name: RouteBudgetName, address: string): Promise<void> {
    const budget = ROUTE_BUDGETS[name];
    const supernet = addressSupernet(address);
    const networks = [{ network: addressNetwork(address), factor: 1 }];
    if (supernet !== undefined) networks.push({ network: supernet, factor: SUPERNET_FACTOR });
    for (const { network, factor } of networks) {
      const limit = { limit: allowedHits(budget, this.settings, factor), windowMs: budget.windowMs };
      const { allowed, resetMs } = await this.store.consume(`gh:rate:${name}:a:${network}`, limit);
      if (!allowed) throw rateLimited(name, this.settings, resetMs);
    }
  }
}

/** The hits of a budget under `rateLimits.multiplier`, for a network of this factor. */
export function allowedHits({ limit }: RouteBudget, { rateLimits }: AuthSettings, factor = 1): number {
  return Math.max(1, Math.floor(limit * factor * rateLimits.multiplier));
}

/** In development the answer names the budget and the option. */
export function rateLimited(name: RouteBudgetName, settings: AuthSettings, retryAfterMs: number): AuthError {
  if (settings.environment !== 'development') return new AuthError('RATE_LIMITED', { retryAfterMs });
  const { by, limit, windowMs } = ROUTE_BUDGETS[name];
  const message =
    `Too many requests: the budget "${name}" allows ${limit} in ${spelledDuration(windowMs)} by ${by}. ` +
    `The option rateLimits.multiplier (now ${settings.rateLimits.multiplier}) multiplies it.`;
  return new AuthError('RATE_LIMITED', { message, retryAfterMs });
}
