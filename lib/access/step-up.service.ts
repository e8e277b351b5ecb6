import { Injectable } from '@nestjs/common';
import { isMultiFactor, METHODS } from '../common/authentication-methods.js';
import { Clock } from '../common/clock.js';
import { SECOND_MS } from '../common/duration.js';
import type { Principal } from '../common/principal.js';
import { AuthError } from '../errors/auth-error.js';
import { AuthSettings } from '../options/auth-settings.js';
import { SecondFactors } from '../second-factors/second-factors.service.js';
import type { CompiledRule } from './compiled-rule.js';
import { StepUpMethods } from './step-up-methods.js';

type ProofRule = Pick<CompiledRule, 'methods' | 'fresh'>;

/** What a session has to have proven, beyond who it is from. Asks nobody about a principal that passes. */
@Injectable()
export class StepUp {
  constructor(
    private readonly methods: StepUpMethods,
    private readonly factors: SecondFactors,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /** Whether the option `secondFactor` leaves nothing to be done first. */
  isEnrolled({ duringEnrolment }: Pick<CompiledRule, 'duringEnrolment'>, who: Principal): boolean {
    // A machine has no factor: that its owner has one is asked where the key is read.
    if (who.via === 'api-key') return true;
    // An administrator who acts as the user had to meet it himself, and has nothing to set up here.
    if (who.impersonatorId !== undefined) return true;
    return duringEnrolment || isMultiFactor(who.methods) || !this.factors.isRequiredOf(who.roles);
  }

  hasProven(rule: Pick<ProofRule, 'methods'>, principal: Principal): boolean {
    return unproven(rule, principal).length === 0;
  }

  /** Both the methods of a rule and its freshness. Asked last, so that nobody confirms anything in vain. */
  isMet(rule: ProofRule, principal: Principal): boolean {
    return this.hasProven(rule, principal) && this.isFreshEnough(rule, principal);
  }

  /** For a principal that `isEnrolled` does not let in. */
  enrolmentDue(principal: Principal): Promise<AuthError> {
    return this.methodsRequired(principal, [[METHODS.multiFactor]]);
  }

  /** For a principal and a rule that is not met. */
  refusal(rule: ProofRule, principal: Principal): Promise<AuthError> {
    const missing = unproven(rule, principal);
    return missing.length > 0 ? this.methodsRequired(principal, missing) : this.reauthenticationRequired(principal);
  }

  /** Says by what the account may step up: looked up for those alone who are refused. */
  async reauthenticationRequired(principal: Principal): Promise<AuthError> {
    const maxAge = `, max_age="${Math.floor(this.settings.sessions.freshMs / SECOND_MS)}"`;
    const methods = await this.methods.methodsOf(principal.userId);
    return new AuthError('REAUTHENTICATION_REQUIRED', { details: { methods }, headers: challenge(principal, maxAge) });
  }

  /** `ENROLMENT_REQUIRED` when some part of it is out of reach of everything that the account has. */
  private async methodsRequired(principal: Principal, missing: CompiledRule['methods']): Promise<AuthError> {
    const each = await Promise.all(missing.map((anyOf) => this.methods.methodsFor(principal, anyOf)));
    const headers = challenge(principal);
    if (each.some((methods) => methods.length === 0)) return new AuthError('ENROLMENT_REQUIRED', { headers });
    return new AuthError('SECOND_FACTOR_REQUIRED', { details: { methods: each[0] }, headers });
  }

  private isFreshEnough({ fresh }: ProofRule, { freshUntil }: Principal): boolean {
    return !fresh || freshUntil.getTime() > this.clock.now();
  }
}

function unproven({ methods }: Pick<ProofRule, 'methods'>, principal: Principal): CompiledRule['methods'] {
  return methods.filter((anyOf) => !anyOf.some((method) => principal.methods.includes(method)));
}

/** RFC 9470 §3: tells a client of bearer tokens that a stronger or newer sign-in is asked for, not another token. */
function challenge({ via }: Principal, more = ''): Readonly<Record<string, string>> {
  return via === 'bearer' ? { 'WWW-Authenticate': `Bearer error="insufficient_user_authentication"${more}` } : {};
}
