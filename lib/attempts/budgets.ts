import { DAY_MS, HOUR_MS, MINUTE_MS } from '../common/duration.js';
import type { BucketBudget, LockoutBudget, RateLimit } from '../store/state-store.js';

/** Whom a budget is counted for: an IPv4 address or IPv6 network, a login session, an account, a known browser, a challenge. */
export type BudgetSubject = 'address' | 'session' | 'account' | 'device' | 'challenge';

/** `refuse` answers 429 with `Retry-After`; `silent` answers as ever and does nothing. */
export type BudgetAnswer = 'refuse' | 'silent';

interface Counted {
  readonly by: BudgetSubject;
  readonly answer: BudgetAnswer;
}

/** A limit of requests to routes. */
export interface RouteBudget extends Counted, RateLimit {
  readonly kind: 'rate';
  readonly by: 'address' | 'session';
  // The guard can only refuse. A silent limit is counted by the service whose work it skips.
  readonly answer: 'refuse';
}

/** Limits of requests. `rateLimits.multiplier` multiplies each. Public routes look at no credential: they count addresses. */
export const ROUTE_BUDGETS = {
  register: { kind: 'rate', by: 'address', limit: 20, windowMs: HOUR_MS, answer: 'refuse' },
  signedInReads: { kind: 'rate', by: 'session', limit: 120, windowMs: MINUTE_MS, answer: 'refuse' },
  signedInWrites: { kind: 'rate', by: 'session', limit: 60, windowMs: MINUTE_MS, answer: 'refuse' },
  // Counted by the service, for the session that a genuine refresh token names.
  tokenRefresh: { kind: 'rate', by: 'session', limit: 60, windowMs: MINUTE_MS, answer: 'refuse' },
  // Each of the routes that send mail by itself.
  passwordForgot: { kind: 'rate', by: 'address', limit: 20, windowMs: HOUR_MS, answer: 'refuse' },
  verifyRequest: { kind: 'rate', by: 'address', limit: 20, windowMs: HOUR_MS, answer: 'refuse' },
  magicLinkRequest: { kind: 'rate', by: 'address', limit: 20, windowMs: HOUR_MS, answer: 'refuse' },
  emailCodeRequest: { kind: 'rate', by: 'address', limit: 20, windowMs: HOUR_MS, answer: 'refuse' },
  // Routes that take a mailed token: 256 bits need no limit of guesses.
  confirm: { kind: 'rate', by: 'address', limit: 60, windowMs: MINUTE_MS, answer: 'refuse' },
  oauthStart: { kind: 'rate', by: 'address', limit: 30, windowMs: MINUTE_MS, answer: 'refuse' },
  // Counted where a key is looked up that this process has not met yet: made-up keys cost that and no more.
  apiKeyLookUp: { kind: 'rate', by: 'address', limit: 300, windowMs: MINUTE_MS, answer: 'refuse' },
  anonymous: { kind: 'rate', by: 'address', limit: 300, windowMs: MINUTE_MS, answer: 'refuse' },
} as const satisfies Record<string, RouteBudget>;

/** Limits of mail that others can cause. `rateLimits.multiplier` multiplies them; known browsers have as much by themselves. */
export const MAIL_BUDGETS = {
  mailByAccount: { kind: 'rate', by: 'account', limit: 5, windowMs: HOUR_MS, answer: 'silent' },
} as const satisfies Record<string, Counted & RateLimit & { readonly kind: 'rate' }>;

export type RouteBudgetName = keyof typeof ROUTE_BUDGETS;

/** Limits of wrong passwords. Only a check that finished and failed counts. */
export const ATTEMPT_BUDGETS = {
  passwordByAccount: {
    kind: 'lockout',
    by: 'account',
    limit: 5,
    windowMs: 15 * MINUTE_MS,
    lockMs: MINUTE_MS,
    maxLockMs: HOUR_MS,
    // Far longer than the longest lock: memory as long as the lock would let the ladder begin anew after each.
    roundsRememberedMs: DAY_MS,
    answer: 'refuse',
  },
  // No lock and no ladder: an address may be an office or a whole country behind one NAT.
  passwordByAddress: { kind: 'bucket', by: 'address', limit: 20, refillMs: MINUTE_MS, answer: 'refuse' },
  // The "lock" of a known browser is the time for which its cookie counts for nothing. It has no ladder.
  passwordByDevice: {
    kind: 'lockout',
    by: 'device',
    limit: 5,
    windowMs: 15 * MINUTE_MS,
    lockMs: 15 * MINUTE_MS,
    maxLockMs: 15 * MINUTE_MS,
    roundsRememberedMs: 15 * MINUTE_MS,
    answer: 'silent',
  },
  // Of one mailed code, whosever it is, beside the budgets of the account and the address.
  codeByChallenge: {
    kind: 'lockout',
    by: 'challenge',
    limit: 5,
    windowMs: 10 * MINUTE_MS,
    lockMs: 10 * MINUTE_MS,
    maxLockMs: 10 * MINUTE_MS,
    roundsRememberedMs: 10 * MINUTE_MS,
    answer: 'refuse',
  },
  // Locks re-authentication alone: somebody at a session of another must not end the owner's way to sign in.
  reauthenticationByAccount: {
    kind: 'lockout',
    by: 'account',
    limit: 3,
    windowMs: 5 * MINUTE_MS,
    lockMs: 15 * MINUTE_MS,
    maxLockMs: 15 * MINUTE_MS,
    roundsRememberedMs: 15 * MINUTE_MS,
    answer: 'refuse',
  },
  // Of one sign-in that waits for its second factor: as long as that waits.
  secondFactorByChallenge: {
    kind: 'lockout',
    by: 'challenge',
    limit: 5,
    windowMs: 5 * MINUTE_MS,
    lockMs: 5 * MINUTE_MS,
    maxLockMs: 5 * MINUTE_MS,
    roundsRememberedMs: 5 * MINUTE_MS,
    answer: 'refuse',
  },
  // Each kind of factor by itself: a locked authenticator stops neither recovery codes nor passkeys. Known browsers have as
  // much by themselves.
  secondFactorByAccount: {
    kind: 'lockout',
    by: 'account',
    limit: 10,
    windowMs: 15 * MINUTE_MS,
    lockMs: 15 * MINUTE_MS,
    maxLockMs: 15 * MINUTE_MS,
    roundsRememberedMs: 15 * MINUTE_MS,
    answer: 'refuse',
  },
  // Codes of an authenticator alone, beside the one above: nine wrong ones in each of its windows would go on for ever, and
  // six digits are found some day. Known browsers have as much by themselves.
  secondFactorByAccountDaily: {
    kind: 'lockout',
    by: 'account',
    limit: 30,
    windowMs: DAY_MS,
    lockMs: HOUR_MS,
    maxLockMs: DAY_MS,
    roundsRememberedMs: 7 * DAY_MS,
    answer: 'refuse',
  },
} as const satisfies Record<string, Counted & (LockoutBudget | BucketBudget)>;

export type AttemptBudgetName = keyof typeof ATTEMPT_BUDGETS;

/** An IPv6 /48 may hold this many times what one of its /64 networks may. */
export const SUPERNET_FACTOR = 5;

/** Address budgets of `attempts.sharedAddresses` hold this many times as much. */
export const SHARED_ADDRESS_FACTOR = 25;

/**
 * Wrong passwords in a row after which an account takes none from unknown browsers until its owner signs in, resets the
 * password or unlocks it (NIST SP 800-63B-4 §3.2.2). Known browsers have a count of their own with the same end.
 */
export const FAILED_IN_ROW_LIMIT = 100;
