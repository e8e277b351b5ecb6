interface ErrorDefinition {
  readonly status: number;
  readonly message: string;
}

/** Every error Gatehouse raises, with its HTTP status and the text a client may show. docs/errors.md explains each. */
export const AUTH_ERRORS = {
  VALIDATION_FAILED: { status: 400, message: 'The request is not valid.' },
  PASSWORD_REJECTED: { status: 400, message: 'The password does not meet the policy.' },
  INVALID_TOKEN: { status: 400, message: 'This link is not valid any more. Ask for a new one.' },
  INVALID_CODE: { status: 400, message: 'The code is wrong.' },
  MALFORMED_REQUEST: { status: 400, message: 'The request cannot be understood.' },
  NOT_AUTHENTICATED: { status: 401, message: 'Sign in to continue.' },
  INVALID_CREDENTIALS: { status: 401, message: 'Wrong credentials, or the address has not been confirmed yet.' },
  INVALID_ACCESS_TOKEN: { status: 401, message: 'The access token is not valid.' },
  INVALID_REFRESH_TOKEN: { status: 401, message: 'The refresh token is not valid. Sign in again.' },
  REFRESH_TOKEN_REUSED: { status: 401, message: 'This refresh token was used before, so the session has ended.' },
  INVALID_API_KEY: { status: 401, message: 'The API key is not valid.' },
  CHALLENGE_EXPIRED: { status: 401, message: 'This has expired or was used. Start again.' },
  OAUTH_FAILED: { status: 401, message: 'Signing in there did not work. Try again.' },
  OAUTH_CANCELLED: { status: 401, message: 'Signing in was cancelled.' },
  OAUTH_LINK_REQUIRED: { status: 403, message: 'Sign in another way, and link this account then.' },
  EMAIL_NOT_VERIFIED: { status: 403, message: 'Confirm your e-mail address to continue.' },
  SIGN_IN_REFUSED: { status: 403, message: 'Signing in was refused.' },
  MFA_REQUIRED: { status: 403, message: 'A second factor is needed to sign in.' },
  SECOND_FACTOR_REQUIRED: { status: 403, message: 'Confirm with a second factor to continue.' },
  ENROLMENT_REQUIRED: { status: 403, message: 'Set up a second factor to continue.' },
  FORBIDDEN: { status: 403, message: 'You may not do this.' },
  REAUTHENTICATION_REQUIRED: { status: 403, message: 'Confirm that it is you to continue.' },
  IMPERSONATION_FORBIDDEN: { status: 403, message: 'Not while acting as somebody else.' },
  ADDRESS_BLOCKED: { status: 403, message: 'Requests from here are not answered.' },
  CSRF_FAILED: { status: 403, message: 'The request did not come from a page of this application.' },
  NOT_FOUND: { status: 404, message: 'Not found.' },
  ALREADY_ENABLED: { status: 409, message: 'This is there already.' },
  ALREADY_EXISTS: { status: 409, message: 'Somebody else has this already.' },
  ALREADY_LINKED: { status: 409, message: 'This belongs to an account already.' },
  LAST_ADMINISTRATOR: { status: 409, message: 'There must be an administrator who can sign in.' },
  LAST_SIGN_IN_METHOD: { status: 409, message: 'This is the last way to sign in to the account.' },
  LIMIT_REACHED: { status: 409, message: 'There are as many as there may be. Remove one first.' },
  RATE_LIMITED: { status: 429, message: 'Too many requests. Try again later.' },
  TOO_MANY_ATTEMPTS: { status: 429, message: 'Too many attempts. Try again later.' },
  STORE_UNAVAILABLE: { status: 503, message: 'The service is not available at the moment. Try again later.' },
  BUSY: { status: 503, message: 'The service is busy. Try again in a moment.' },
} as const satisfies Record<string, ErrorDefinition>;

/** The `code` of an error answer. A closed list: see docs/errors.md. */
export type AuthErrorCode = keyof typeof AUTH_ERRORS;
