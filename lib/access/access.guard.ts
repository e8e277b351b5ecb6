import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { isAwaited } from '../common/awaitable.js';
import { Principal } from '../common/principal.js';
import { AuthError } from '../errors/auth-error.js';
import type { AuthStructure } from '../options/auth-options.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { AccessRefusals } from './access-refusals.js';
import { AddressCheck } from './address-check.js';
import { requirePolicies, requireRule } from './access-decision.js';
import { markJudged } from './auth-seal.js';
import { callSiteOf, type CallSite } from './call-site.js';
import { leaveVerdict, type CredentialOutcome, type Verdict } from './call-state.js';
import type { CompiledRule } from './compiled-rule.js';
import { CookieRenewal } from './cookie-renewal.js';
import { principalIn, Principals } from './principals.js';
import { isOpen, RouteRules } from './route-rules.js';
import { StepUp } from './step-up.service.js';
import { transportError } from './transport-errors.js';
import { UserLoader } from './user-loader.js';

/**
 * The one guard. Bound once for the whole application; every HTTP route, GraphQL resolver, WebSocket message and,
 * with `rpc`, microservice message passes it.
 * Replace it in tests with `overrideProvider(AccessGuard)`.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly rules: RouteRules,
    private readonly principals: Principals,
    private readonly users: UserLoader,
    private readonly cookies: CookieRenewal,
    private readonly stepUp: StepUp,
    private readonly refusals: AccessRefusals,
    private readonly address: AddressCheck,
    private readonly host: HttpAdapterHost,
    @Inject(AUTH_STRUCTURE) private readonly structure: AuthStructure,
  ) {}

  /** Answers at once where nothing has to be awaited: an open route costs two map look-ups and a comparison. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return this.address.isOpen() ? this.decide(context) : this.decideAtTheGate(context);
  }

  /** Public routes too: the rules for addresses come before all others. */
  private async decideAtTheGate(context: ExecutionContext): Promise<boolean> {
    const site = callSiteOf(context, this.structure.rpc);
    try {
      await this.address.require(site);
    } catch (error) {
      throw await this.refusal(context, site, error);
    }
    return this.decide(context);
  }

  private decide(context: ExecutionContext): boolean | Promise<boolean> {
    const rule = this.rules.of(context);
    if (!isOpen(rule)) return this.judge(context, rule);
    if (this.mustSayNobody(context, rule)) leaveVerdict(callSiteOf(context), NOBODY);
    markJudged(context);
    return true;
  }

  /** Where a verdict would otherwise be looked for elsewhere: on the socket, or by reading the credential. */
  private mustSayNobody(context: ExecutionContext, { mode }: CompiledRule): boolean {
    if (context.getType<string>() === 'ws') return true;
    return this.structure.context === true && mode === 'public';
  }

  private judge(context: ExecutionContext, rule: CompiledRule): boolean | Promise<boolean> {
    const site = callSiteOf(context, this.structure.rpc);
    try {
      const outcome = this.principals.outcomeOf(site, rule);
      const admitted = isAwaited(outcome)
        ? outcome.then((known) => this.admit(context, rule, site, known))
        : this.admit(context, rule, site, outcome);
      // Another promise costs as much as the whole decision: there is one only where somebody was asked.
      return isAwaited(admitted) ? admitted.catch((error) => this.refuse(context, site, error)) : admitted;
    } catch (error) {
      return this.refuse(context, site, error);
    }
  }

  private admit(
    context: ExecutionContext,
    rule: CompiledRule,
    site: CallSite,
    outcome: CredentialOutcome,
  ): boolean | Promise<boolean> {
    const principal = principalIn(outcome);
    if (!(principal instanceof Principal)) {
      if (rule.mode === 'optional') return this.letIn(context, site, undefined);
      throw new AuthError('NOT_AUTHENTICATED', { headers: { 'WWW-Authenticate': 'Bearer' } });
    }
    let demands: Promise<void> | undefined;
    try {
      demands = this.demand(context, rule, principal);
    } catch (error) {
      throw this.noted(context, site, principal, error);
    }
    if (demands === undefined) return this.letIn(context, site, principal);
    return demands.then(
      () => this.letIn(context, site, principal),
      (error) => Promise.reject(this.noted(context, site, principal, error)),
    );
  }

  private noted(context: ExecutionContext, site: CallSite, principal: Principal, error: unknown): Error {
    this.refusals.note(context, site, principal, error);
    return error as Error;
  }

  /** Everything that the rule asks, in order. Nothing to wait for is `undefined`. */
  private demand(context: ExecutionContext, rule: CompiledRule, principal: Principal): Promise<void> | undefined {
    if (!this.stepUp.isEnrolled(rule, principal)) return failing(this.stepUp.enrolmentDue(principal));
    requireRule(rule, principal);
    if (rule.policies.length === 0) return this.demandProof(rule, principal);
    return requirePolicies(rule.policies, principal, context).then(() => this.demandProof(rule, principal));
  }

  private demandProof(rule: CompiledRule, principal: Principal): Promise<void> | undefined {
    return this.stepUp.isMet(rule, principal) ? undefined : failing(this.stepUp.refusal(rule, principal));
  }

  private letIn(context: ExecutionContext, site: CallSite, principal: Principal | undefined): boolean {
    if (principal !== undefined && site.transport === 'http') this.prepareAnswer(context, principal);
    leaveVerdict(site, principal === undefined ? NOBODY : this.verdict(principal));
    markJudged(context);
    return true;
  }

  private async refuse(context: ExecutionContext, site: CallSite, error: unknown): Promise<never> {
    throw await this.refusal(context, site, error);
  }

  private verdict(principal: Principal): Verdict {
    let user: Promise<object | undefined> | undefined;
    return { principal, user: () => (user ??= this.users.load(principal.userId)) };
  }

  private prepareAnswer(context: ExecutionContext, principal: Principal): void {
    const http = context.switchToHttp();
    this.cookies.renew(http.getRequest(), http.getResponse(), principal);
    // A link is a credential: neither a cache nor the page that opens next is to have it.
    if (principal.via === 'resource') this.setHeaders(http.getResponse<unknown>(), LINK_HEADERS);
  }

  private setHeaders(response: unknown, headers: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(headers)) this.host.httpAdapter.setHeader(response, name, value);
  }

  /** What a guard throws passes no interceptor, so the headers of the answer are set here. */
  private async refusal(context: ExecutionContext, { transport }: CallSite, error: unknown): Promise<unknown> {
    if (!(error instanceof AuthError)) return transportError(transport, error);
    if (transport === 'http') {
      const response = context.switchToHttp().getResponse<unknown>();
      this.setHeaders(response, { ...error.headers, 'Cache-Control': 'no-store' });
    }
    return transportError(transport, error);
  }
}

async function failing(error: Promise<AuthError>): Promise<never> {
  throw await error;
}

const LINK_HEADERS = { 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' };

const NOBODY: Verdict = Object.freeze({ principal: undefined, user: () => Promise.resolve(undefined) });
