import { Inject, Injectable } from '@nestjs/common';
import type { PresenceWorth, ProofOfPresence } from '../../access/proof-of-presence.js';
import { adds, StepUpMethods } from '../../access/step-up-methods.js';
import { PRESENCE_PROOFS } from '../../access/tokens.js';
import type { Principal } from '../../common/principal.js';
import { FactorAttempts } from '../../second-factors/factor-attempts.service.js';
import { SecondFactors } from '../../second-factors/second-factors.service.js';
import { MailAccounts, type MailAccount } from '../../users/mail-accounts.service.js';
import { FactorPresence } from './factor-presence.js';

/** Which proofs there are, and which of them are as strong as the sign-in of an account. */
@Injectable()
export class PresenceProofs extends StepUpMethods {
  readonly all: readonly ProofOfPresence[];

  constructor(
    @Inject(PRESENCE_PROOFS) proofs: readonly ProofOfPresence[],
    factors: SecondFactors,
    attempts: FactorAttempts,
    private readonly accounts: MailAccounts,
  ) {
    super();
    this.all = [...proofs, ...factors.all.map((factor) => new FactorPresence(factor, factors, attempts))];
  }

  override async methodsOf(userId: string): Promise<readonly string[]> {
    const account = await this.accounts.find(userId);
    return account === undefined ? [] : this.acceptedOf(account);
  }

  override async methodsFor(who: Principal, anyOf: readonly string[]): Promise<readonly string[]> {
    const accepted = await this.methodsOf(who.userId);
    return accepted.filter((kind) => this.all.some((proof) => proof.kind === kind && adds(proof.methods, who, anyOf)));
  }

  /** Whatever the account has; where sign-in demands something of it, that alone. */
  async acceptedOf(account: MailAccount): Promise<readonly string[]> {
    const worths = await this.worths(account);
    const demanded = worths.filter(({ worth }) => worth === 'demanded');
    const usable = demanded.length > 0 ? demanded : worths.filter(({ worth }) => worth === 'enough');
    return usable.map(({ kind }) => kind);
  }

  /** Whether sign-in demands something else of the account: then the proof would not be enough, right or not. */
  async isTooWeak({ kind }: ProofOfPresence, account: MailAccount): Promise<boolean> {
    const worths = await this.worths(account);
    const demands = worths.some(({ worth }) => worth === 'demanded');
    return demands && worths.some((each) => each.kind === kind && each.worth !== 'demanded');
  }

  private worths(account: MailAccount): Promise<{ readonly kind: string; readonly worth: PresenceWorth }[]> {
    return Promise.all(this.all.map(async (proof) => ({ kind: proof.kind, worth: await proof.worthTo(account) })));
  }
}
