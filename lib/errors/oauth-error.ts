import type { AuthError, AuthErrorBody, FieldProblem } from './auth-error.js';

/** The body of an error at the token endpoints: ours, with the code and text of RFC 6749 §5.2 in `error`. */
export interface OAuthErrorBody extends AuthErrorBody {
  readonly error_description: string;
}

/** An error as OAuth clients understand it (RFC 6749 §5.2, RFC 6750 §3.1). */
export function oauthErrorBody(error: AuthError): OAuthErrorBody {
  // RFC 6749 §5.2: printable ASCII without `"` and `\`.
  const description = error.body.message.replace(/["\\]/g, "'").replace(/[^\x20-\x7E]/g, '?');
  const { details, ...body } = error.body;
  // What goes on at `POST /second-factor` stands beside the code, as clients of multi-factor grants expect it.
  const shown = error.code === 'MFA_REQUIRED' ? (details as object) : { ...(details !== undefined && { details }) };
  return { ...body, ...shown, error: oauthErrorCode(error), error_description: description };
}

function oauthErrorCode({ code, body }: AuthError): string {
  switch (code) {
    case 'VALIDATION_FAILED':
      return validationCode(body.details as readonly FieldProblem[] | undefined);
    case 'MALFORMED_REQUEST':
      return 'invalid_request';
    case 'INVALID_CREDENTIALS':
    case 'INVALID_REFRESH_TOKEN':
    case 'REFRESH_TOKEN_REUSED':
    case 'CHALLENGE_EXPIRED':
    case 'SIGN_IN_REFUSED':
      return 'invalid_grant';
    case 'MFA_REQUIRED':
      return 'mfa_required';
    case 'NOT_AUTHENTICATED':
    case 'INVALID_ACCESS_TOKEN':
    case 'INVALID_API_KEY':
      return 'invalid_token';
    case 'RATE_LIMITED':
    case 'TOO_MANY_ATTEMPTS':
    case 'STORE_UNAVAILABLE':
    case 'BUSY':
      return 'temporarily_unavailable';
    default:
      return 'access_denied';
  }
}

function validationCode(problems: readonly FieldProblem[] = []): string {
  if (problems.some(({ rule }) => rule === 'scope')) return 'invalid_scope';
  const unsupported = problems.some(({ field, rule }) => field === 'grant_type' && rule === 'oneOf');
  return unsupported ? 'unsupported_grant_type' : 'invalid_request';
}
