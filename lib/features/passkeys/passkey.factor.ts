import { Injectable } from '@nestjs/common';
import { METHODS } from '../../common/authentication-methods.js';
import {
  SecondFactor,
  type FactorStanding,
  type FactorVerdict,
  type PresentedFactor,
} from '../../second-factors/second-factor.js';
import { readClientData } from './client-data.js';
import { methodOf, PasskeyAssertions } from './passkey-assertions.service.js';
import { PasskeyChallenges, type OpenedChallenge } from './passkey-challenges.service.js';
import { assertionSchema, type AssertionInput } from './passkeys.schemas.js';
import { Passkeys } from './passkeys.service.js';

type FactorPurpose = 'second-factor' | 'reauthentication';

interface Asked {
  readonly challenge: OpenedChallenge;
  readonly purpose: FactorPurpose;
}

const WRONG: FactorVerdict = { refusal: 'INVALID_CODE' };

/** A passkey beside another proof, or as proof that somebody is still there. Having one makes no sign-in ask for it. */
@Injectable()
export class PasskeyFactor extends SecondFactor {
  override readonly kind = 'passkey';
  override readonly methods = [METHODS.deviceKey, METHODS.syncedKey];
  override readonly fields = { passkey: assertionSchema };

  constructor(
    private readonly passkeys: Passkeys,
    private readonly challenges: PasskeyChallenges,
    private readonly assertions: PasskeyAssertions,
  ) {
    super();
  }

  override async standingOf(userId: string): Promise<FactorStanding> {
    return (await this.passkeys.countUsable(userId)) > 0 ? 'usable' : 'none';
  }

  override async stateOf(userId: string): Promise<Readonly<Record<string, unknown>>> {
    return { passkeys: await this.passkeys.countUsable(userId) };
  }

  override async check({ userId, fields, askedBy, client, locale }: PresentedFactor): Promise<FactorVerdict> {
    const answer = fields['passkey'] as AssertionInput;
    const asked = this.askedFor(answer, askedBy);
    if (asked === undefined) return WRONG;
    const passkey = await this.passkeys.find(answer.id);
    if (passkey === undefined || passkey.userId !== userId || passkey.clonedAt !== null) return WRONG;
    const { challenge, purpose } = asked;
    // Who is asked again proves it by the passkey alone; as second factor it stands beside what has passed.
    const mustVerifyUser = purpose === 'reauthentication';
    const refusal = await this.assertions.check({ answer, passkey, challenge, mustVerifyUser, client, locale });
    return refusal === undefined ? { method: methodOf(passkey) } : WRONG;
  }

  /** What the challenge was issued for tells which of the two this is. */
  private askedFor({ response }: AssertionInput, askedBy: string): Asked | undefined {
    const data = readClientData(response.clientDataJSON);
    if (data === undefined) return undefined;
    for (const purpose of ['second-factor', 'reauthentication'] as const) {
      const challenge = this.challenges.open(data.challenge, purpose, askedBy);
      if (challenge !== undefined) return { challenge, purpose };
    }
    return undefined;
  }
}
