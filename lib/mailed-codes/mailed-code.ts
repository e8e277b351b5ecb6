import { MINUTE_MS } from '../common/duration.js';

/** How long a mailed code works (ASVS 5.0 V6.5.5). */
export const CODE_LIFE_MS = 10 * MINUTE_MS;

/** What a code is good for. One of one purpose is none of the other. */
export type CodePurpose = 'sign-in' | 'reauthentication';

/** Names a code without telling it: with the key of `kid`, and the account, it can be computed. */
export interface CodeReference {
  /** 128 random bits. */
  readonly id: string;
  /** Id of the key that the code is made with. */
  readonly kid: string;
  /** Epoch ms. */
  readonly issuedAt: number;
}

/** What a client holds while it waits for the mail, opened. */
export interface CodeChallenge extends CodeReference {
  /** What it was begun for, and what it is bound to. */
  readonly facts: Readonly<Record<string, string>>;
}
