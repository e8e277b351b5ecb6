/** Why a sign-in through another provider came to nothing: `reason` of the event `oauth.failed`. A closed list. */
export type OAuthFailureReason =
  /** This browser has begun no such flow. */
  | 'flow'
  /** It was begun too long ago, or before what remembers used flows was there. */
  | 'expired'
  /** It has been used. */
  | 'replayed'
  /** The user said no, at the provider. */
  | 'cancelled'
  /** The provider answered with an error, or with something that is no answer. */
  | 'provider'
  /** The provider could not be reached, or not in time, or its answer did not end. */
  | 'unreachable'
  /** The ID token, or what came beside it, did not stand up to the checks. */
  | 'validation'
  /** The provider names nobody. */
  | 'profile'
  /** The provider has verified no address, and nobody is linked. */
  | 'unverified-address'
  /** The address is of an account that has to be signed in to first. */
  | 'address-taken'
  /** Strangers get no account. */
  | 'registration-closed'
  /** A hook refused the new account. */
  | 'registration-refused'
  /** A hook refused the sign-in. */
  | 'refused'
  /** The account is disabled, or has changed meanwhile. */
  | 'account'
  /** The session that began has ended, or is another. */
  | 'session'
  /** The identity belongs to another account. */
  | 'already-linked'
  /** The identity is not linked with the account that is to be proven again. */
  | 'other-account'
  /** The account has as many as there may be. */
  | 'limit'
  /** Sign-in asks the account for more than this. */
  | 'too-weak';

/** A flow that cannot go on, and is nobody's fault here. */
export class ProviderFailure extends Error {
  override readonly name = 'ProviderFailure';

  constructor(
    readonly reason: OAuthFailureReason,
    cause?: unknown,
  ) {
    super(`A sign-in through another provider failed: ${reason}`, { cause });
  }
}
