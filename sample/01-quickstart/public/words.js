const SENTENCES = {
  // A code can come from the address bar, and then be any word.
  __proto__: null,
  INVALID_CREDENTIALS: 'Wrong password or address, or the address has not been confirmed yet.',
  PASSWORD_REJECTED: 'This password cannot be used.',
  VALIDATION_FAILED: 'Something in the form needs another look.',
  NOT_AUTHENTICATED: 'Your session has ended. Sign in again.',
  REAUTHENTICATION_REQUIRED: 'Nothing has changed: this needs a proof that it is you.',
  INVALID_TOKEN: 'This link has been used, has expired, or a newer one has taken its place. Ask for another one.',
  INVALID_CODE: 'This code is wrong, or has been used.',
  CHALLENGE_EXPIRED: 'This code no longer works. Ask for another one.',
  EMAIL_NOT_VERIFIED: 'Confirm your e-mail address first.',
  SIGN_IN_REFUSED: 'Signing in is not possible for this account at the moment.',
  ALREADY_ENABLED: 'This is set up already.',
  ALREADY_LINKED: 'This belongs to another account already.',
  LAST_SIGN_IN_METHOD: 'This is the last way to sign in to your account. Set a password or add another one first.',
  LIMIT_REACHED: 'There are as many as there may be. Remove one first.',
  SECOND_FACTOR_REQUIRED: 'Nothing has changed: this needs your second factor.',
  ENROLMENT_REQUIRED: 'This needs a second factor: set one up to go on.',
  OAUTH_FAILED: 'Signing in with the other provider did not work. Try again.',
  OAUTH_CANCELLED: 'You came back without signing in there.',
  OAUTH_LINK_REQUIRED:
    'There is an account with this address already. Sign in to it in another way, then link the provider under Account.',
  FORBIDDEN: 'Your account may not do this.',
  CSRF_FAILED: 'The request was refused because it did not seem to come from this page. Reload it and try again.',
  NOT_FOUND: 'This is no longer there.',
  RATE_LIMITED: 'Too many requests.',
  TOO_MANY_ATTEMPTS: 'Too many attempts.',
  BUSY: 'The server is busy.',
  STORE_UNAVAILABLE: 'The server cannot reach its database at the moment.',
};

const BY_STATUS = { 429: 'Too many requests.', 503: 'The server is not available at the moment.' };

/** What a failed request means, in a sentence for people. */
export function inWords(error) {
  const sentence =
    SENTENCES[error.code] ??
    BY_STATUS[error.status] ??
    (error.status >= 500 ? 'The server made a mistake.' : error.message);
  if (error.retryAfter > 0) return `${sentence} Try again in ${duration(error.retryAfter)}.`;
  return error.status >= 500 ? `${sentence} Try again in a moment.` : sentence;
}

/** Whole seconds as `1 minute 5 seconds`. */
export function duration(seconds) {
  const parts = [
    [Math.floor(seconds / 3600), 'hour'],
    [Math.floor((seconds % 3600) / 60), 'minute'],
    [seconds % 60, 'second'],
  ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`)
    .join(' ');
}

const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** A time in the reader's own language and zone. */
export function moment(iso) {
  return iso ? format.format(new Date(iso)) : 'unknown';
}

const METHODS = {
  pwd: 'password',
  email: 'mail',
  otp: 'authenticator app',
  recovery: 'recovery code',
  hwk: 'passkey',
  swk: 'passkey',
  oauth: 'another provider',
};

/** RFC 8176 names in words; that there were several shows. */
export function methods(names = []) {
  const proofs = names.filter((name) => name !== 'mfa');
  return proofs.map((name) => METHODS[name] ?? name).join(', ') || 'unknown';
}
