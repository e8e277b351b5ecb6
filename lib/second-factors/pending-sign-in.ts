import { MINUTE_MS } from '../common/duration.js';

/** How long a sign-in waits for its second factor. */
export const PENDING_LIFE_MS = 5 * MINUTE_MS;

/** A sign-in whose first factor has passed: everything that its end needs. */
export interface PendingSignIn {
  readonly userId: string;
  /** The account's epoch that was read before the first factor was checked. */
  readonly epoch: number;
  /** What has been proven so far. */
  readonly methods: readonly string[];
  readonly deliver: 'cookie' | 'tokens';
  readonly rememberMe: boolean;
  readonly scope: string | undefined;
  /** What the browser is known to the account by; `undefined`: it is not. */
  readonly knownDevice: string | undefined;
  /** The budget that the first factor was counted in: its failures are forgotten after the last one. */
  readonly budget: string | undefined;
}

/** A pending sign-in as it was found again. */
export interface FoundSignIn extends PendingSignIn {
  /** Names it without being able to finish it. */
  readonly id: string;
}
