import type { Provider, Type } from '@nestjs/common';
import type { ProofOfPresence } from '../access/proof-of-presence.js';
import type { CheckSource } from '../checklist/check.js';
import type { Remains } from '../jobs/clean-up.job.js';
import type { Job } from '../jobs/job.js';
import type { MailComposer } from '../mail/mail-composer.js';
import type { SecondFactor } from '../second-factors/second-factor.js';
import type { CredentialRows } from '../users/tokens.js';
import type { SealedColumn } from '../database/sealed-columns.js';

/** What a feature folder hands up: the module is assembled from these. */
export interface Feature {
  readonly name: string;
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
  /** Providers that the application may inject. */
  readonly exports?: readonly Type[];
  readonly entities?: readonly Type[];
  readonly checks?: readonly Type<CheckSource>[];
  readonly jobs?: readonly Type<Job>[];
  /** What turns letters of the outbox into mail. */
  readonly mails?: readonly Type<MailComposer>[];
  /** What a signed-in user may prove the identity by once more, at `POST /reauthenticate`. */
  readonly proofs?: readonly Type<ProofOfPresence>[];
  /** What sign-in may be asked to be finished with. */
  readonly secondFactors?: readonly Type<SecondFactor>[];
  /**
   * Entities whose rows are ways to sign in, by `userId`: what somebody set up before the address of the account was proven
   * is dropped when its owner proves it.
   */
  readonly credentials?: readonly CredentialRows[];
  /** Columns of the entities that hold sealed text. */
  readonly sealed?: readonly SealedColumn[];
  /** What the clean-up deletes. */
  readonly remains?: readonly Remains[];
}

export function defineFeature(feature: Feature): Feature {
  return feature;
}
