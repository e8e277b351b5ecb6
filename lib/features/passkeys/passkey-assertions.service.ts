import { Injectable } from '@nestjs/common';
import { METHODS } from '../../common/authentication-methods.js';
import { PasskeyChallenges, type OpenedChallenge } from './passkey-challenges.service.js';
import type { Passkey } from './passkey.entity.js';
import type { AssertionInput } from './passkeys.schemas.js';
import { Passkeys, type PasskeyUse } from './passkeys.service.js';
import { WebAuthn } from './webauthn.service.js';

export interface PresentedAssertion extends PasskeyUse {
  readonly answer: AssertionInput;
  /** The passkey that it names, of the account that it is for. */
  readonly passkey: Passkey;
  readonly challenge: OpenedChallenge;
  /** Whether the device must have verified its owner: it must wherever a passkey is all that is asked for. */
  readonly mustVerifyUser: boolean;
}

/** Why an assertion is refused; `undefined`: it is right, and used up. */
export type AssertionRefusal = 'signature' | 'challenge' | 'counter' | undefined;

/** Checks what a passkey has signed, wherever one is presented: signature, challenge, counter, in that order. */
@Injectable()
export class PasskeyAssertions {
  constructor(
    private readonly webAuthn: WebAuthn,
    private readonly challenges: PasskeyChallenges,
    private readonly passkeys: Passkeys,
  ) {}

  /** A challenge is used up by a right signature alone, and before anything comes of it. */
  async check({ answer, passkey, challenge, mustVerifyUser, ...use }: PresentedAssertion): Promise<AssertionRefusal> {
    const verified = await this.webAuthn.verifyAssertion(answer, passkey, mustVerifyUser);
    if (verified === undefined) return 'signature';
    if (!(await this.challenges.use(challenge))) return 'challenge';
    return (await this.passkeys.use(passkey, verified, use)) ? undefined : 'counter';
  }
}

/** What a passkey has proven, by its name in sessions. */
export function methodOf({ deviceType }: Passkey): string {
  return deviceType === 'singleDevice' ? METHODS.deviceKey : METHODS.syncedKey;
}
