import type { Type } from '@nestjs/common';

/** Every {@link CredentialRows} of the features. */
export const CREDENTIAL_ROWS = Symbol('CREDENTIAL_ROWS');

/** An entity whose rows are of use for signing in to the account of their `userId`. */
export interface CredentialRows {
  readonly entity: Type;
  /** Whether one of them alone signs in. */
  readonly signsIn: boolean;
  /** Property of the entity that is `null` while the row is good for it. Default: each is. */
  readonly unless?: string;
  /** Property of the entity with the moment at which the row is over. Given where disabling the account ends it for good. */
  readonly endsAt?: string;
}
