import { Injectable } from '@nestjs/common';
import type { Principal } from '../common/principal.js';
import { AuthSettings } from '../options/auth-settings.js';
import { insufficientScope } from './access-decision.js';
import { AccessPolicy } from './access-policy.js';

/** The scope with which a token may manage the account of its user. */
export const ACCOUNT_SCOPE = 'account';

/**
 * Where an application divides rights by scopes, managing the account is one of them: a token that may read notes must not
 * delete their owner. Without `tokens.scopes` every token may what its user may.
 */
@Injectable()
export class AccountScope extends AccessPolicy {
  constructor(private readonly settings: AuthSettings) {
    super();
  }

  override allows(who: Principal): boolean {
    const divided = Object.keys(this.settings.tokens.scopes).length > 0;
    if (divided && !who.hasScope(ACCOUNT_SCOPE)) throw insufficientScope([ACCOUNT_SCOPE], who);
    return true;
  }
}
