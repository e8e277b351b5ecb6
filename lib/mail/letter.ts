/**
 * What the outbox is asked to send, one name for each occasion. Who gets what for it, if anybody gets anything, is decided
 * when it is delivered: the request that asks does the same whether or not there is an account.
 */
export const LETTER_KINDS = [
  'registration',
  'verify-request',
  'unverified-sign-in',
  'password-forgot',
  'password-link',
  'magic-link',
  'email-code',
  'reauthentication-code',
  'unlock',
  'password-changed',
  'change-email',
  'email-changing',
  'email-changed',
  'identifier-changed',
  'new-device',
  'refresh-token-reused',
  'second-factor-changed',
  'account-deleted',
] as const;

export type LetterKind = (typeof LETTER_KINDS)[number];

/** One entry of the outbox, as it is sealed. It never holds a token or a code: those are made at delivery. */
export interface Letter {
  readonly kind: LetterKind;
  /** What was typed into a form, for occasions of people who are not signed in. */
  readonly address?: string;
  /** The account, where it is known. */
  readonly userId?: string;
  /** BCP 47; one of those that there are templates for. */
  readonly locale: string;
  /** Epoch ms of the occasion. */
  readonly at: number;
  /** What the composer of this kind needs beside. */
  readonly data?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}
