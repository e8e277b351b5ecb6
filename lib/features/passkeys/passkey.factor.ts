import { Injectable } from '@nestjs/common';
import { METHODS } from '../../common/authentication-methods.js';
import { AuthError } from '../../errors/auth-error.js';
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

/** Name of the factor, and of its field in a body. */
export const PASSKEY_KIND = 'passkey';

type FactorPurpose = 'second-factor' | 'reauthentication';

interface Asked {
  readonly challenge: OpenedChallenge;
  readonly purpose: FactorPurpose;
}

const WRONG: FactorVerdict = { refusal: 'INVALID_CODE' };

/** A passkey beside another proof, or as proof that somebody is still there. Having one makes no sign-in ask for it. */
@Injectable()
export class PasskeyFactor extends SecondFactor {
  override readonly kind = PASSKEY_KIND;
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
    const all = await this.passkeys.of(userId);
    if (all.length === 0) return 'none';
    return all.some(({ clonedAt }) => clonedAt === null) ? 'usable' : 'refused';
  }

  override async stateOf(userId: string): Promise<Readonly<Record<string, unknown>>> {
    return { passkeys: await this.passkeys.countUsable(userId) };
  }

  /**
   * Throws `CHALLENGE_EXPIRED` (401), which counts as no wrong proof, for a challenge that is over, used, or of something
   * else: there is nothing to guess in it, and a page that was left open locks nobody out.
   */
  override async check({ userId, fields, askedBy, client, locale }: PresentedFactor): Promise<FactorVerdict> {
    const answer = fields['passkey'] as AssertionInput;
    const asked = this.askedFor(answer, askedBy);
    if (asked === undefined) throw new AuthError('CHALLENGE_EXPIRED');
    const passkey = await this.passkeys.find(answer.id);
    if (passkey === undefined || passkey.userId !== userId || passkey.clonedAt !== null) return WRONG;
    const { challenge, purpose } = asked;
    // Who is asked again proves it by the passkey alone; as second factor it stands beside what has passed.
    const mustVerifyUser = purpose === 'reauthentication';
    const refusal = await this.assertions.check({ answer, passkey, challenge, mustVerifyUser, client, locale });
    if (refusal === 'challenge') throw new AuthError('CHALLENGE_EXPIRED');
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
