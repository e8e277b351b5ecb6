import { Injectable } from '@nestjs/common';
import * as v from 'valibot';
import {
  ProofOfPresence,
  type PresenceVerdict,
  type PresenceWorth,
  type PresentedProof,
} from '../../access/proof-of-presence.js';
import { METHODS } from '../../common/authentication-methods.js';
import { CurrentPassword } from '../../sign-in/current-password.service.js';
import type { MailAccount } from '../../users/mail-accounts.service.js';

@Injectable()
export class PasswordPresence extends ProofOfPresence {
  override readonly kind = 'password';
  override readonly methods = [METHODS.password];
  override readonly fields = { password: v.string() };

  constructor(private readonly current: CurrentPassword) {
    super();
  }

  override worthTo({ hasPassword }: MailAccount): PresenceWorth {
    return hasPassword ? 'enough' : 'none';
  }

  /** One hash, for an account without a password too. */
  override async check({ fields, account, gone }: PresentedProof): Promise<PresenceVerdict> {
    const matches = await this.current.matches(account.userId, String(fields['password']), { signal: gone });
    return matches ? { method: METHODS.password } : { refusal: 'INVALID_CREDENTIALS' };
  }
}
