import type { PublicUser } from '../users/user-directory.js';

/** A user as administrators see one: what everybody may see, and `administration.fields`. */
export interface AccountView extends PublicUser {
  readonly disabled: boolean;
  /** ISO 8601. */
  readonly disabledAt: string | null;
  readonly hasPassword: boolean;
}

/** One user, read by itself. */
export interface AccountDetails extends AccountView {
  /** Second factors that are good for it, by the names that a sign-in asks for them with. */
  readonly secondFactors: readonly string[];
}

export interface AccountPage {
  readonly items: readonly AccountView[];
  readonly nextCursor: string | null;
}

/** Filters of a list, all of which have to hold. */
export interface AccountFilter {
  /** How the canonical address begins. */
  readonly email?: string | undefined;
  readonly role?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly emailVerified?: boolean | undefined;
}

export interface AccountQuery extends AccountFilter {
  /** At most 100. Default 50. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before, of the same filters. */
  readonly cursor?: string | undefined;
}

/** Whether an account takes passwords, and why not. */
export interface LockStatus {
  readonly disabled: boolean;
  /** ISO 8601. */
  readonly disabledAt: string | null;
  /** Until when no password is taken from unknown browsers, ISO 8601; `null` while one is. */
  readonly lockedUntil: string | null;
  /** Wrong passwords from unknown browsers since the last complete sign-in. */
  readonly failedInRow: number;
  /** The same from browsers known to the account. */
  readonly failedInRowKnown: number;
  /** A hundred of them: unknown browsers may try none until the owner acts, or somebody unlocks it. */
  readonly stopped: boolean;
}
