import { Injectable } from '@nestjs/common';
import { DAY_MS } from '../common/duration.js';
import { AuthSettings } from '../options/auth-settings.js';
import { StateStore } from '../store/state-store.js';
import { MAIL_BUDGETS } from './budgets.js';

const ALLOWED = 'allowed';
const REFUSED = 'refused';

/** Whose mail of which occasion is counted. */
export interface MailLimitSubject {
  /** The occasion, such as `password-forgot`. */
  readonly kind: string;
  readonly userId: string;
  /** Whether the browser that asked is known to the account: strangers spend nothing of its budget. */
  readonly knownBrowser: boolean;
  /** The entry of the outbox: it is counted once, however often it is tried. */
  readonly entryId: string;
}

/** How much mail of one occasion an account gets. What is beyond it is not sent, and nobody is told. */
@Injectable()
export class MailLimits {
  constructor(
    private readonly store: StateStore,
    private readonly settings: AuthSettings,
  ) {}

  /** Counts one mail, and answers alike whenever it is tried again. `false`: it is not to be sent. Throws `STORE_UNAVAILABLE`. */
  async allow({ kind, userId, knownBrowser, entryId }: MailLimitSubject): Promise<boolean> {
    // A cache entry of the user: where memory is short one goes and its mail is counted again; nothing is refused.
    const verdictKey = `gh:{${Buffer.from(userId, 'utf8').toString('base64url')}}:mail:${entryId}`;
    const verdict = await this.store.get(verdictKey);
    if (verdict !== null) return verdict === ALLOWED;
    const { limit, windowMs } = MAIL_BUDGETS.mailByAccount;
    const key = `gh:rate:mail:${kind}:${knownBrowser ? 'd' : 'u'}:${userId}`;
    const { multiplier } = this.settings.rateLimits;
    const { allowed } = await this.store.consume(key, { limit: Math.max(1, Math.floor(limit * multiplier)), windowMs });
    await this.store.set(verdictKey, allowed ? ALLOWED : REFUSED, DAY_MS);
    return allowed;
  }
}
