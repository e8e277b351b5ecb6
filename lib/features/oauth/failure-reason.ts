import type { OpenidClient } from './openid-client.provider.js';
import { ProviderFailure, type OAuthFailureReason } from './provider-failure.js';

/** Errors of the authorization endpoint with which providers say that the user did not want to go on. */
const CANCELLED: ReadonlySet<string> = new Set(['access_denied', 'user_cancelled_authorize', 'user_cancelled_login']);

/** Why a call of `openid-client` failed. Nothing of what the provider wrote goes further than this. */
export function reasonOf(error: unknown, openid: OpenidClient): OAuthFailureReason {
  if (error instanceof openid.AuthorizationResponseError) return CANCELLED.has(error.error) ? 'cancelled' : 'provider';
  if (error instanceof openid.ResponseBodyError || error instanceof openid.WWWAuthenticateChallengeError) {
    return 'provider';
  }
  const cause = causeOf(error);
  if (cause !== undefined) return cause.reason;
  return error instanceof openid.ClientError && UNUSABLE.has(error.code ?? '') ? 'provider' : 'validation';
}

/** Answers that are none: another status, another type, no JSON. */
const UNUSABLE: ReadonlySet<string> = new Set([
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
]);

/** The library wraps what `ProviderFetch` throws. */
function causeOf(error: unknown): ProviderFailure | undefined {
  let each = error;
  for (let depth = 0; depth < 5 && each instanceof Error; depth += 1) {
    if (each instanceof ProviderFailure) return each;
    each = each.cause;
  }
  return undefined;
}
