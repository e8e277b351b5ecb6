import { Injectable } from '@nestjs/common';
import type { KnownDevices } from '../../attempts/known-devices.js';
import { METHODS } from '../../common/authentication-methods.js';
import { constantTimeEqual } from '../../common/constant-time.js';
import { AuthError } from '../../errors/auth-error.js';
import type { AuthErrorCode } from '../../errors/error-codes.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { Metrics } from '../../events/metrics.service.js';
import type { Delivery } from '../../sign-in/delivery.js';
import { SignIn, type SignInOutcome, type SignInProof } from '../../sign-in/sign-in.service.js';
import { TokenScopes } from '../../tokens/token-scopes.js';
import { MailAccounts, type MailAccount } from '../../users/mail-accounts.service.js';
import { readClientData } from './client-data.js';
import { methodOf, PasskeyAssertions } from './passkey-assertions.service.js';
import { PasskeyChallenges } from './passkey-challenges.service.js';
import type { Passkey } from './passkey.entity.js';
import type { AssertionInput } from './passkeys.schemas.js';
import { Passkeys } from './passkeys.service.js';

export interface PasskeySignInRequest extends Omit<SignInProof, 'userId' | 'epoch' | 'method' | 'knownDevice'> {
  readonly answer: AssertionInput;
  readonly devices: KnownDevices;
  /** Hash of what the browser holds since it asked for the challenge. */
  readonly binding: string | undefined;
}

interface Named {
  readonly passkey: Passkey;
  /** As it was before the signature was verified. */
  readonly account: MailAccount;
}

/**
 * Signing in by a passkey alone: it is something that somebody has, and its device has verified who that is, so no second
 * factor is asked for. No lock of guessed passwords stops it.
 */
@Injectable()
export class PasskeySignIn {
  constructor(
    private readonly challenges: PasskeyChallenges,
    private readonly passkeys: Passkeys,
    private readonly assertions: PasskeyAssertions,
    private readonly accounts: MailAccounts,
    private readonly signIn: SignIn,
    private readonly scopes: TokenScopes,
    private readonly events: EventRecorder,
    private readonly metrics: Metrics,
  ) {}

  /** A challenge that only this browser can answer; of a client of tokens it is bound by nothing but the signature. */
  challenge(deliver: Delivery, binding: string | undefined): string {
    return this.challenges.issue('sign-in', subjectOf(deliver, binding));
  }

  /**
   * Throws `CHALLENGE_EXPIRED` (401) for a challenge that is over, used, or of another browser or delivery, and
   * `INVALID_CREDENTIALS` (401) for everything else that is wrong.
   */
  async signInWith({ answer, devices, binding, ...request }: PasskeySignInRequest): Promise<SignInOutcome> {
    const { client, deliver, locale } = request;
    if (deliver === 'tokens') this.scopes.refuseUnknown(request.scope);
    const subject = subjectOf(deliver, binding);
    const presented = readClientData(answer.response.clientDataJSON)?.challenge ?? '';
    const challenge = this.challenges.open(presented, 'sign-in', subject);
    if (challenge === undefined) return this.refuseChallenge(presented, subject, client);
    const named = await this.named(answer);
    if (named === undefined) return this.refuse('INVALID_CREDENTIALS', client, 'passkey');
    const { passkey, account } = named;
    const { userId, epoch } = account;
    const refusal = await this.assertions.check({ answer, passkey, challenge, mustVerifyUser: true, client, locale });
    if (refusal !== undefined) {
      return this.refuse(
        refusal === 'challenge' ? 'CHALLENGE_EXPIRED' : 'INVALID_CREDENTIALS',
        client,
        refusal,
        userId,
      );
    }
    return this.signIn.complete({
      ...request,
      userId,
      epoch,
      method: methodOf(passkey),
      passed: [METHODS.multiFactor],
      knownDevice: devices.deviceFor(userId)?.deviceId,
    });
  }

  /** The authenticator says by its handle whose passkey it is (WebAuthn Level 3 §7.2, step 6): that has to agree with ours. */
  private async named({ id, response }: AssertionInput): Promise<Named | undefined> {
    const passkey = await this.passkeys.find(id);
    if (passkey === undefined || passkey.clonedAt !== null) return undefined;
    const handle = await this.passkeys.handleOf(passkey.userId);
    const isOwners = handle !== undefined && constantTimeEqual(handle, response.userHandle ?? '');
    const account = isOwners ? await this.accounts.find(passkey.userId) : undefined;
    return account && { passkey, account };
  }

  /** What was never ours costs nobody anything to send: it fills no audit trail, and is counted alone. */
  private refuseChallenge(presented: string, subject: string, client: SignInProof['client']): Promise<never> {
    if (this.challenges.isOurs(presented, 'sign-in', subject)) {
      return this.refuse('CHALLENGE_EXPIRED', client, 'challenge');
    }
    this.metrics.count('auth_foreign_challenges', { method: 'passkey' });
    throw new AuthError('CHALLENGE_EXPIRED');
  }

  private async refuse(
    code: AuthErrorCode,
    client: SignInProof['client'],
    reason: string,
    subjectId?: string,
  ): Promise<never> {
    const details = { method: 'passkey', reason };
    await this.events.write({ type: 'sign_in.failed', outcome: 'failure', subjectId, client, details });
    throw new AuthError(code);
  }
}

function subjectOf(deliver: Delivery, binding: string | undefined): string {
  // Without what the browser was given there is no challenge that could be its own.
  return deliver === 'tokens' ? 'tokens' : `browser ${binding ?? ''}`;
}
