import type * as v from 'valibot';
import {
  ProofOfPresence,
  type PresenceVerdict,
  type PresenceWorth,
  type PresentedProof,
} from '../../access/proof-of-presence.js';
import type { FactorAttempts } from '../../second-factors/factor-attempts.service.js';
import type { SecondFactor } from '../../second-factors/second-factor.js';
import type { SecondFactors } from '../../second-factors/second-factors.service.js';
import type { MailAccount } from '../../users/mail-accounts.service.js';

/** A second factor as proof of presence: it counts the same wrong ones as sign-in does. */
export class FactorPresence extends ProofOfPresence {
  override readonly kind: string;
  override readonly methods: readonly string[];
  override readonly fields: Readonly<Record<string, v.GenericSchema>>;

  constructor(
    private readonly factor: SecondFactor,
    private readonly factors: SecondFactors,
    private readonly attempts: FactorAttempts,
  ) {
    super();
    this.kind = factor.kind;
    this.methods = factor.methods;
    this.fields = factor.fields;
  }

  /** Demanded where sign-in asks for one. A passkey is enough where it does not, a spare factor then is nothing. */
  override async worthTo({ userId }: MailAccount): Promise<PresenceWorth> {
    const standing = await this.factor.standingOf(userId);
    if (standing === 'none') return 'none';
    if ((await this.factors.dueOf(userId)).length > 0) return 'demanded';
    return standing === 'usable' ? 'enough' : 'none';
  }

  override async check({ who, account, fields, client, locale }: PresentedProof): Promise<PresenceVerdict> {
    // A recovery code that somebody has just made proves no more than the session that made it.
    if ((await this.worthTo(account)) === 'none') return { refusal: 'INVALID_CODE' };
    const { userId, sessionId: askedBy } = who;
    return this.attempts.check(this.factor, { userId, fields, askedBy, client, locale });
  }
}
