import { HttpException, Logger, type ExecutionContext } from '@nestjs/common';
import { SECOND_MS } from '../common/duration.js';
import { inTime } from '../common/in-time.js';
import type { Principal } from '../common/principal.js';
import { AuthError } from '../errors/auth-error.js';
import type { PolicyFunction } from './access-policy.js';
import type { CompiledRule } from './compiled-rule.js';

const POLICY_DEADLINE_MS = 5 * SECOND_MS;
const logger = new Logger('Gatehouse');

/** Everything a rule asks of a principal that does not wait for anything. What was proven, and when, comes last: see `StepUp`. */
export function requireRule(rule: CompiledRule, principal: Principal): void {
  if (principal.impersonatorId !== undefined && !rule.duringImpersonation)
    throw new AuthError('IMPERSONATION_FORBIDDEN');
  if (principal.via === 'resource' && !rule.resource) throw new AuthError('FORBIDDEN');
  if (rule.via !== undefined && !rule.via.includes(principal.via)) throw new AuthError('FORBIDDEN');
  if (rule.verified && principal.emailVerified !== true) throw new AuthError('EMAIL_NOT_VERIFIED');
  const met =
    rule.roles.every((anyOf) => anyOf.some((role) => principal.hasRole(role))) &&
    rule.permissions.every((permission) => principal.can(permission));
  if (!met) throw new AuthError('FORBIDDEN');
  if (!rule.scopes.every((scope) => principal.hasScope(scope))) throw insufficientScope(rule.scopes, principal);
}

/** A client of bearer tokens learns which scopes to ask for (RFC 6750 §3.1). */
export function insufficientScope(scopes: readonly string[], { via }: Principal): AuthError {
  if (via !== 'bearer') return new AuthError('FORBIDDEN');
  const challenge = `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`;
  return new AuthError('FORBIDDEN', { headers: { 'WWW-Authenticate': challenge } });
}

/**
 * Asks policies one after the other. Only `true` allows. A policy that fails or does not answer in time has not allowed
 * anything: 503.
 *
 * @throws AuthError `FORBIDDEN`, `STORE_UNAVAILABLE`; and whatever `HttpException` a policy throws itself
 */
export async function requirePolicies(
  policies: readonly PolicyFunction[],
  principal: Principal,
  context: ExecutionContext,
  deadlineMs = POLICY_DEADLINE_MS,
): Promise<void> {
  for (const policy of policies) {
    if ((await bounded(policy, principal, context, deadlineMs)) !== true) throw new AuthError('FORBIDDEN');
  }
}

async function bounded(
  policy: PolicyFunction,
  principal: Principal,
  context: ExecutionContext,
  deadlineMs: number,
): Promise<boolean> {
  const late = (): never => {
    throw new Error(`A policy has not answered within ${deadlineMs} ms.`);
  };
  try {
    return await inTime((async () => policy(principal, context))(), deadlineMs, late);
  } catch (error) {
    if (error instanceof HttpException) throw error;
    logger.error(`A policy of ${context.getClass().name} failed, so the request is refused.`, stackOf(error));
    throw new AuthError('STORE_UNAVAILABLE', { retryAfterMs: SECOND_MS, cause: error });
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : 'It threw something that is no Error.';
}
