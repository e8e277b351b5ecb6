import { Injectable } from '@nestjs/common';
import { AuthError } from '../errors/auth-error.js';
import { AuthSettings } from '../options/auth-settings.js';

/** Spaces between tokens of printable ASCII without `"` and `\` (RFC 6749 §3.3). */
const FORM = /^[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*$/;

/** Which scopes a token may carry: those that were asked for and that the roles of its user allow now. */
@Injectable()
export class TokenScopes {
  constructor(private readonly settings: AuthSettings) {}

  /** Every scope that somebody with these roles may be granted. */
  grantable(roles: readonly string[]): readonly string[] {
    return Object.entries(this.settings.tokens.scopes)
      .filter(([, who]) => who === 'everyone' || who.some((role) => roles.includes(role)))
      .map(([scope]) => scope);
  }

  /**
   * Refuses what could be granted to nobody, before anything is known of the caller: asked after the password, the answer
   * would tell that it was right. Throws `VALIDATION_FAILED` (400, `invalid_scope`).
   */
  refuseUnknown(requested: string | undefined): void {
    if (requested === undefined || requested === '') return;
    const known = Object.keys(this.settings.tokens.scopes);
    if (!parse(requested).some((scope) => known.includes(scope))) throw invalidScope('None of these scopes exists.');
  }

  /**
   * The scopes of a new family. Without a request all that can be granted; of a request, what can be; none for empty
   * text. Throws `VALIDATION_FAILED` (400, `invalid_scope`) when that is nothing.
   */
  grant(requested: string | undefined, roles: readonly string[]): readonly string[] {
    const grantable = this.grantable(roles);
    if (requested === undefined) return grantable;
    if (requested === '') return [];
    const granted = parse(requested).filter((scope) => grantable.includes(scope));
    if (granted.length === 0) throw invalidScope('None of these scopes can be granted.');
    return granted;
  }

  /**
   * The scopes of a refreshed access token: of those once granted, what was asked for and can still be granted. Throws
   * `VALIDATION_FAILED` (400, `invalid_scope`) for one that was never granted (RFC 6749 §6).
   */
  clamp(granted: readonly string[], requested: string | undefined, roles: readonly string[]): readonly string[] {
    if (granted.length === 0 && requested === undefined) return granted;
    const grantable = this.grantable(roles);
    const asked = requested === undefined ? granted : parse(requested);
    if (asked.some((scope) => !granted.includes(scope))) throw invalidScope('A scope here was not granted at sign-in.');
    return asked.filter((scope) => grantable.includes(scope));
  }
}

function parse(requested: string): string[] {
  if (!FORM.test(requested)) throw invalidScope('Scopes are separated by single spaces.');
  return [...new Set(requested.split(' '))];
}

function invalidScope(message: string): AuthError {
  return new AuthError('VALIDATION_FAILED', { details: [{ field: 'scope', rule: 'scope', message }] });
}
