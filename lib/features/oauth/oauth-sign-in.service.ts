import { Injectable } from '@nestjs/common';
import { METHODS } from '../../common/authentication-methods.js';
import { AuthError } from '../../errors/auth-error.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { SecondFactors } from '../../second-factors/second-factors.service.js';
import { SignIn, type SignInOutcome, type SignInProof } from '../../sign-in/sign-in.service.js';
import { MailAccounts, type MailAccount } from '../../users/mail-accounts.service.js';
import type { Arrival } from './arrival.js';
import { FederatedFreshness } from './federated-freshness.service.js';
import { Identities } from './identities.service.js';
import { IdentityAccounts, Outpaced } from './identity-accounts.service.js';
import type { OAuthFlow } from './oauth-flow.js';
import type { Exchanged } from './exchanged.js';
import { ProviderFailure } from './provider-failure.js';

/** Whom an identity signs in. */
export type IdentityProof = Pick<SignInProof, 'userId' | 'epoch' | 'redeem'>;

/** The same, and until when (epoch ms) the session that begins with it is fresh. */
export type ReadyProof = IdentityProof & { readonly freshUntil: number };

const ROUNDS = 4;

/**
 * Signing in with an identity of another provider. One that is linked signs in to its account, whatever its address is. Any
 * other needs an address that the provider has verified: of nobody, it gets an account; of an account that has proven it,
 * it is linked only where `linkByVerifiedEmail` says so, and no second factor stands in front; of an account that has not,
 * the account is taken over, and nothing that was set up before stays alive.
 */
@Injectable()
export class OAuthSignIn {
  constructor(
    private readonly identities: Identities,
    private readonly identityAccounts: IdentityAccounts,
    private readonly accounts: MailAccounts,
    private readonly factors: SecondFactors,
    private readonly signIn: SignIn,
    private readonly freshness: FederatedFreshness,
    private readonly settings: AuthSettings,
  ) {}

  /** Throws a `ProviderFailure`. */
  async signInWith(flow: OAuthFlow, found: Exchanged, arrival: Arrival): Promise<SignInOutcome> {
    const outcome = await this.resolving(flow, found, arrival, (proof) =>
      this.signIn.complete({
        ...proof,
        method: METHODS.federation,
        rememberMe: flow.rememberMe,
        deliver: 'cookie',
        client: arrival.client,
        locale: arrival.locale,
        knownDevice: arrival.devices.deviceFor(proof.userId)?.deviceId,
        replaces: arrival.session,
      }),
    );
    if (!('pending' in outcome)) await this.noteUse(flow, found);
    return outcome;
  }

  /**
   * Finds whom the identity signs in, and goes on with that; begins anew when another sign-in of the same identity or
   * address was faster. Throws a `ProviderFailure`.
   */
  async resolving<T>(
    flow: OAuthFlow,
    found: Exchanged,
    arrival: Arrival,
    goOn: (proof: ReadyProof) => Promise<T>,
  ): Promise<T> {
    let isNew = false;
    for (let round = 0; round < ROUNDS; round += 1) {
      try {
        const proof = await this.proofOf(flow, found, arrival);
        if (proof === undefined) {
          isNew = true;
          continue;
        }
        const { userId } = proof;
        const freshUntil = await this.freshness.until({ userId, isNew, found, session: arrival.session });
        return await goOn({ ...proof, freshUntil });
      } catch (error) {
        if (!(error instanceof Outpaced)) throw refusal(error);
      }
    }
    throw new ProviderFailure('account');
  }

  /** `undefined`: there is a new account by now, to be looked up. */
  private async proofOf(flow: OAuthFlow, found: Exchanged, arrival: Arrival): Promise<IdentityProof | undefined> {
    const known = await this.identities.find(found.identity);
    if (known !== undefined) {
      if (known.disabled) throw new ProviderFailure('account');
      return { userId: known.userId, epoch: known.epoch };
    }
    const email = this.identityAccounts.provenAddress(found.identity);
    // The same answer whether or not the address has an account: nobody has shown that it is theirs.
    if (email === undefined) throw new ProviderFailure('unverified-address');
    const account = await this.accounts.findByAddress(email);
    if (account !== undefined) return this.adoption(flow, account, found, arrival);
    await this.identityAccounts.register(flow.provider, email, found, arrival);
    return undefined;
  }

  private async adoption(
    { provider }: OAuthFlow,
    account: MailAccount,
    found: Exchanged,
    arrival: Arrival,
  ): Promise<IdentityProof> {
    const { userId, epoch, emailVerified, disabled } = account;
    if (disabled) throw new ProviderFailure('account');
    if (emailVerified && !(await this.mayLink(userId))) throw new ProviderFailure('address-taken');
    return { userId, epoch, redeem: () => this.identityAccounts.adopt(provider, account, found, arrival) };
  }

  /** The link would be there before the second factor has been asked for. */
  private async mayLink(userId: string): Promise<boolean> {
    return this.settings.oauth.linkByVerifiedEmail && (await this.factors.dueOf(userId)).length === 0;
  }

  /** @internal Once the sign-in is complete. */
  async noteUse({ provider }: OAuthFlow, found: Exchanged): Promise<void> {
    const known = await this.identities.find(found.identity);
    if (known !== undefined) await this.identities.noteUse(known.id, provider, found);
  }
}

/** Refusals of the account look the same from outside. */
function refusal(error: unknown): unknown {
  if (!(error instanceof AuthError)) return error;
  if (error.code === 'INVALID_CREDENTIALS') return new ProviderFailure('account', error);
  return error.code === 'SIGN_IN_REFUSED' ? new ProviderFailure('refused', error) : error;
}
