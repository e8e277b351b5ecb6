import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  ThrottlerGuard,
  getOptionsToken,
  getStorageToken,
  type ThrottlerModuleOptions,
  type ThrottlerRequest,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import { addressNetwork, addressSupernet, type AddressedRequest } from '../common/client-address.js';
import { SECOND_MS } from '../common/duration.js';
import { SAFE_METHODS } from '../common/http-methods.js';
import { AuthError } from '../errors/auth-error.js';
import { AuthSettings } from '../options/auth-settings.js';
import { ROUTE_BUDGETS, SUPERNET_FACTOR, type RouteBudget, type RouteBudgetName } from './budgets.js';
import { ClientAddresses } from './client-addresses.service.js';
import { allowedHits, rateLimited } from './rate-limits.service.js';
import { LimitRefusals } from './limit-refusals.js';
import { RATE_LIMIT, type RateLimitRule } from './rate-limit.decorator.js';
import { RequestIdentity } from './request-identity.js';

interface KnownRule {
  readonly rule: RateLimitRule | undefined;
}

interface Tracker {
  readonly name: string;
  readonly factor: number;
}

/**
 * Rate limits of our own routes, bound on our controllers by `@UseGuards`, so after the access guard. A request with a
 * valid credential counts for its session, every other for its address.
 */
@Injectable()
export class AuthThrottlerGuard extends ThrottlerGuard {
  // Apart from `X-RateLimit-*`, which a throttler of the application may write on the same answer.
  protected override headerPrefix = 'RateLimit';
  /** By class and handler, which are the same for every request of a route. */
  private readonly rules = new WeakMap<object, WeakMap<object, KnownRule>>();

  constructor(
    @Inject(getOptionsToken()) options: ThrottlerModuleOptions,
    @Inject(getStorageToken()) storage: ThrottlerStorage,
    reflector: Reflector,
    private readonly settings: AuthSettings,
    private readonly addresses: ClientAddresses,
    private readonly identity: RequestIdentity,
    private readonly refusals: LimitRefusals,
  ) {
    super(options, storage, reflector);
  }

  /** Asks for none of the decorators of `@nestjs/throttler`, which stand on no route of ours. */
  override canActivate(context: ExecutionContext): Promise<boolean> {
    return this.handleRequest({ context });
  }

  protected override async handleRequest({ context }: Pick<ThrottlerRequest, 'context'>): Promise<boolean> {
    const { req, res } = this.getRequestResponse(context);
    const rule = this.ruleOf(context);
    try {
      await this.count(rule, req as AddressedRequest & { method: string }, res);
      return true;
    } catch (error) {
      if (rule?.whenStoreIsDown === 'allow' && isStoreDown(error)) return true;
      if (error instanceof AuthError) this.refusals.note(context, error);
      // An error of a guard passes no interceptor of ours: its headers are written here.
      const headers = error instanceof AuthError ? error.headers : {};
      this.setResponseHeader(res, 'Cache-Control', 'no-store');
      for (const [name, value] of Object.entries(headers)) this.setResponseHeader(res, name, value);
      throw error;
    }
  }

  private ruleOf(context: ExecutionContext): RateLimitRule | undefined {
    const type = context.getClass();
    const handler = context.getHandler();
    const known = this.rules.get(type)?.get(handler);
    if (known !== undefined) return known.rule;
    const rule = this.reflector.getAllAndOverride<RateLimitRule | undefined>(RATE_LIMIT, [handler, type]);
    this.rules.set(type, (this.rules.get(type) ?? new WeakMap<object, KnownRule>()).set(handler, { rule }));
    return rule;
  }

  private async count(
    rule: RateLimitRule | undefined,
    request: AddressedRequest & { method: string },
    response: object,
  ): Promise<void> {
    const session = this.identity.sessionKey(request);
    const name = rule?.budget ?? generalBudget(request.method, session);
    const budget: RouteBudget = ROUTE_BUDGETS[name];
    const trackers =
      budget.by === 'session' && session !== undefined ? [sessionTracker(session)] : this.addressTrackers(request);
    for (const { name: tracker, factor } of trackers) {
      const limit = allowedHits(budget, this.settings, factor);
      const hit = await this.storageService.increment(`${name}:${tracker}`, budget.windowMs, limit, 0, name);
      if (hit.isBlocked) throw rateLimited(name, this.settings, hit.timeToBlockExpire * SECOND_MS);
      // The narrowest network is counted first, and is the one that the headers speak of.
      if (factor === 1) this.describe(response, limit, limit - hit.totalHits, hit.timeToExpire);
    }
  }

  /** The narrowest network first: a refusal there must not take from a neighbour's wider one. */
  private addressTrackers(request: AddressedRequest): readonly Tracker[] {
    const address = this.addresses.addressOf(request);
    const supernet = addressSupernet(address);
    const narrow = { name: `a:${addressNetwork(address)}`, factor: 1 };
    return supernet === undefined ? [narrow] : [narrow, { name: `a:${supernet}`, factor: SUPERNET_FACTOR }];
  }

  private describe(response: object, limit: number, remaining: number, resetSeconds: number): void {
    this.setResponseHeader(response, `${this.headerPrefix}-Limit`, String(limit));
    this.setResponseHeader(response, `${this.headerPrefix}-Remaining`, String(remaining));
    this.setResponseHeader(response, `${this.headerPrefix}-Reset`, String(resetSeconds));
  }
}

function sessionTracker(session: string): Tracker {
  return { name: `s:${session}`, factor: 1 };
}

function generalBudget(method: string, session: string | undefined): RouteBudgetName {
  if (session === undefined) return 'anonymous';
  return SAFE_METHODS.has(method) ? 'signedInReads' : 'signedInWrites';
}

function isStoreDown(error: unknown): boolean {
  return error instanceof AuthError && error.code === 'STORE_UNAVAILABLE';
}
