import type { Type } from '@nestjs/common';
import type { CredentialKind } from '../common/principal.js';
import type { AccessPolicy, PolicyFunction } from './access-policy.js';

/** What `@Auth()` asks for beside a signed-in principal. Every part that is present must hold. */
export interface AuthRule {
  /** Any one of these roles. */
  readonly roles?: readonly string[];
  /** All of these permissions, each `resource:action`. */
  readonly permissions?: readonly string[];
  /** All of these scopes. A cookie session carries every scope. */
  readonly scopes?: readonly string[];
  /** The credentials that are accepted. Default: all but links to a resource, which `resource` alone lets in. */
  readonly via?: CredentialKind | readonly CredentialKind[];
  /**
   * Also accepts the token of a link, in the query parameter `resource_token`, on this path: see `ResourceTokens`. For GET and
   * HEAD alone. Default `false`.
   */
  readonly resource?: boolean;
  /** Whether an administrator may call it who acts as the user. Default `true`; `fresh` and `methods` never let one in. */
  readonly impersonation?: boolean;
  /** A sign-in or re-authentication within `sessions.fresh`. Default `false`. */
  readonly fresh?: boolean;
  /** A confirmed e-mail address. Default `false`. */
  readonly verified?: boolean;
  /**
   * Any one of these must be among the methods that have proven the session, by their names in `METHODS`: `otp` for a code
   * of an authenticator, `hwk` or `swk` for a passkey, `mfa` for any second factor. Who lacks it steps up at
   * `POST /reauthenticate`.
   */
  readonly methods?: readonly string[];
  /** Asked after everything above but `methods` and `fresh`. */
  readonly policy?: Type<AccessPolicy> | PolicyFunction;
}
