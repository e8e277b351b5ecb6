import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

export interface BeforeRegister {
  readonly email: string;
  /** The validated extra fields of the request. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly address: string;
}

export interface BeforeSignIn {
  readonly userId: string;
  /**
   * RFC 8176 name of the method that completed the sign-in: `pwd`; `refresh` when tokens are refreshed; `impersonation` when
   * an administrator begins to act as the user.
   */
  readonly method: string;
  readonly address: string;
  readonly userAgent: string;
}

/** Whom an access token is for. */
export interface ClaimsRequest {
  readonly userId: string;
  /** Public id of the login session. */
  readonly sessionId: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** The administrator who acts as the user, where one does. */
  readonly impersonatorId?: string;
}

/** Values that JSON can carry, by name. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/**
 * Where an application joins in. Replace it with a class of yours, which may inject what it likes:
 * `overrides: [{ provide: AuthHooks, useClass: MyHooks }]`.
 *
 * Returning `false` refuses. A hook that throws, or takes longer than 5 s, stops what it belongs to; it never lets it pass.
 */
@Injectable()
export class AuthHooks {
  /** Before a registration is looked up or written; learns nothing about who exists. Refusal: 403 `FORBIDDEN`. */
  beforeRegister(_registration: BeforeRegister): Promise<boolean | void> | boolean | void {}

  /**
   * Inside the transaction that creates the user: write what must exist with it, through `manager` alone. A throw answers
   * 500 and leaves no user; on SQLite, where all share one connection, it also undoes what the application wrote on it in
   * the same moment. It runs only for a free address: an error here tells that it was free.
   */
  onRegister(_user: object, _manager: EntityManager): Promise<void> | void {}

  /**
   * Inside the transaction that deletes the user, before the row goes: delete what the application keeps of the user, through
   * `manager` alone. A throw answers 500 and deletes nobody; on SQLite it undoes as much as a throw of `onRegister`.
   */
  onDelete(_user: object, _manager: EntityManager): Promise<void> | void {}

  /**
   * After the last proof, before the session begins, whatever the method; and at each refresh of tokens, of a spent token
   * too: it is asked before the refresh is known to go through. Refusal: 403 `SIGN_IN_REFUSED`.
   */
  beforeSignIn(_signIn: BeforeSignIn): Promise<boolean | void> | boolean | void {}

  /**
   * Further claims of an access token, at sign-in and at each refresh. Names that RFC 7519 or Gatehouse gives a meaning are
   * left out, with a warning. What it throws refuses the token.
   */
  claims(_token: ClaimsRequest): Promise<JsonRecord | void> | JsonRecord | void {}
}
