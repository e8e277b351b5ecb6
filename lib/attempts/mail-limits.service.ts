import { Injectable } from '@nestjs/common';
import { AuthSettings } from '../options/auth-settings.js';
import { StateStore } from '../store/state-store.js';
import { MAIL_BUDGETS } from './budgets.js';

/** Whose mail of which occasion is counted. */
export interface MailLimitSubject {
  /** The occasion, such as `password-forgot`. */
  readonly kind: string;
  readonly userId: string;
  /** Whether the browser that asked is known to the account: strangers spend nothing of its budget. */
  readonly knownBrowser: boolean;
}

/** How much mail of one occasion an account gets. What is beyond it is not sent, and nobody is told. */
@Injectable()
export class MailLimits {
  constructor(
    private readonly store: StateStore,
    private readonly settings: AuthSettings,
  ) {}

  /** Counts one mail. `false`: it is not to be sent. Throws `STORE_UNAVAILABLE`. */
  async allow({ kind, userId, knownBrowser }: MailLimitSubject): Promise<boolean> {
    const { limit, windowMs } = MAIL_BUDGETS.mailByAccount;
    const key = `gh:rate:mail:${kind}:${knownBrowser ? 'd' : 'u'}:${userId}`;
    const { multiplier } = this.settings.rateLimits;
    const { allowed } = await this.store.consume(key, { limit: Math.max(1, Math.floor(limit * multiplier)), windowMs });
    return allowed;
  }
}
