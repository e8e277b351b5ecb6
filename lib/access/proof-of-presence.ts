import type * as v from 'valibot';
import type { ClientInfo } from '../common/client-address.js';
import type { Principal } from '../common/principal.js';
import type { AuthErrorCode } from '../errors/error-codes.js';
import type { MailAccount } from '../users/mail-accounts.service.js';

/** What a signed-in user presents, and who that is. */
export interface PresentedProof {
  /** The fields of the proof, as its schema has checked them. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly who: Principal;
  readonly account: MailAccount;
  readonly client: ClientInfo;
  /** Of mail that the check calls for. */
  readonly locale: string;
  /** Aborts when the client has gone. */
  readonly gone: AbortSignal;
}

/**
 * `method` is the RFC 8176 name of what was proven; `refusal` what a wrong proof is answered. With a `reason` nothing was
 * guessed: the refusal is recorded with it, and not counted.
 */
export type PresenceVerdict =
  { readonly method: string } | { readonly refusal: AuthErrorCode; readonly reason?: string };

/**
 * What a proof is worth to an account. `none`: it has no such thing. `enough`: it signs in by it, or by nothing stronger.
 * `demanded`: sign-in asks the account for it, so nothing that is less will do.
 */
export type PresenceWorth = 'none' | 'enough' | 'demanded';

/**
 * One way in which a signed-in user proves the identity once more. A port: features fill it through `proofs` of their
 * manifest.
 */
export abstract class ProofOfPresence {
  /** The field of `POST /reauthenticate` that carries it, and its name in `details.methods`: `password`. */
  abstract readonly kind: string;
  /** What a right one may have proven, by the names of `METHODS`: rules may ask for it. */
  abstract readonly methods: readonly string[];
  /** Schemas of its fields, `kind` among them. All of them are required. */
  abstract readonly fields: Readonly<Record<string, v.GenericSchema>>;

  abstract worthTo(account: MailAccount): PresenceWorth | Promise<PresenceWorth>;

  /**
   * Checks the proof and uses it up. A wrong one is a verdict, and counted; an error is none, and no event: throw
   * `CHALLENGE_EXPIRED` for what has to be begun again, or answer it as a refusal with a reason.
   */
  abstract check(presented: PresentedProof): Promise<PresenceVerdict>;
}
