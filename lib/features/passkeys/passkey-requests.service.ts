import { Injectable } from '@nestjs/common';
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import type { Principal } from '../../common/principal.js';
import { AuthError } from '../../errors/auth-error.js';
import { PendingSignIns } from '../../second-factors/pending-sign-ins.service.js';
import type { Delivery } from '../../sign-in/delivery.js';
import { PasskeyChallenges } from './passkey-challenges.service.js';
import { PasskeySignIn } from './passkey-sign-in.service.js';
import { Passkeys } from './passkeys.service.js';
import { WebAuthn } from './webauthn.service.js';

/** What a browser is asked to have a passkey sign. */
@Injectable()
export class PasskeyRequests {
  constructor(
    private readonly webAuthn: WebAuthn,
    private readonly challenges: PasskeyChallenges,
    private readonly signIn: PasskeySignIn,
    private readonly waiting: PendingSignIns,
    private readonly passkeys: Passkeys,
  ) {}

  /** Says nothing of any account: the same for everybody. */
  forSignIn(deliver: Delivery, binding: string | undefined): Promise<PublicKeyCredentialRequestOptionsJSON> {
    return this.webAuthn.requestOptions(this.signIn.challenge(deliver, binding), 'required');
  }

  /**
   * For a sign-in whose first factor has passed. Throws `CHALLENGE_EXPIRED` (401) for one that is over, or of another browser
   * or delivery, and `NOT_FOUND` (404) where its account has no passkey.
   */
  async forSecondFactor(
    presented: string,
    deliver: Delivery | undefined,
    binding: string | undefined,
  ): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const pending = await this.waiting.find(presented, binding);
    if (pending === undefined || (deliver ?? pending.deliver) !== pending.deliver) {
      throw new AuthError('CHALLENGE_EXPIRED');
    }
    const challenge = this.challenges.issue('second-factor', pending.id);
    return this.ofAccount(pending.userId, challenge, 'preferred');
  }

  /** For `POST /reauthenticate`. Throws `NOT_FOUND` (404) for an account without a passkey. */
  forReauthentication({ userId, sessionId }: Principal): Promise<PublicKeyCredentialRequestOptionsJSON> {
    return this.ofAccount(userId, this.challenges.issue('reauthentication', sessionId), 'required');
  }

  private async ofAccount(
    userId: string,
    challenge: string,
    userVerification: 'required' | 'preferred',
  ): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const own = await this.passkeys.usableOf(userId);
    if (own.length === 0) throw new AuthError('NOT_FOUND');
    return this.webAuthn.requestOptions(challenge, userVerification, own);
  }
}
