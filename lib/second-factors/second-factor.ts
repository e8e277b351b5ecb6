import type * as v from 'valibot';
import type { ClientInfo } from '../common/client-address.js';
import type { AuthErrorCode } from '../errors/error-codes.js';

/**
 * What a factor is to an account. `none`: it has no such thing. `spare`: good only beside another one. `usable`: good where a
 * second factor is asked for. `demanding`: having it makes every sign-in ask for one. `refused`: it is there and is taken no
 * more, such as a passkey that somebody has copied; who adds another has to prove more than without any.
 */
export type FactorStanding = 'none' | 'spare' | 'refused' | 'usable' | 'demanding';

/** What somebody presents whose first factor has passed, or who is signed in. */
export interface PresentedFactor {
  readonly userId: string;
  /** The fields of the factor, as its schema has checked them. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** What asked for it: the id of a pending sign-in, or the public id of a session. */
  readonly askedBy: string;
  readonly client: ClientInfo;
  /** Of mail that the check calls for. */
  readonly locale: string;
  /** What the browser is known to the account by: it has budgets of its own. Without one the common ones count. */
  readonly knownDevice?: string | undefined;
}

/** `method` names what was proven, see `METHODS`; `refusal` is what a wrong proof is answered. */
export type FactorVerdict = { readonly method: string } | { readonly refusal: AuthErrorCode };

/**
 * One kind of second factor. A port: features fill it through `secondFactors` of their manifest. Whatever does is asked for
 * by every way of signing in, and is taken by `POST /reauthenticate`.
 */
export abstract class SecondFactor {
  /** The field of `POST /second-factor` and `POST /reauthenticate` that carries it, and its name in `methods`: `code`. */
  abstract readonly kind: string;
  /** What `@Auth({ methods })` may call it. */
  abstract readonly methods: readonly string[];
  /** Schemas of its fields, `kind` among them. All of them are required. */
  abstract readonly fields: Readonly<Record<string, v.GenericSchema>>;

  abstract standingOf(userId: string): Promise<FactorStanding>;

  /** Its part of `GET /second-factor`. */
  abstract stateOf(userId: string): Promise<Readonly<Record<string, unknown>>>;

  /** Checks the proof and uses it up by one conditional statement. A wrong one is a verdict; an error is none. */
  abstract check(presented: PresentedFactor): Promise<FactorVerdict>;
}
