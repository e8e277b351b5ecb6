import { Injectable } from '@nestjs/common';
import * as v from 'valibot';
import {
  ProofOfPresence,
  type PresenceVerdict,
  type PresenceWorth,
  type PresentedProof,
} from '../../access/proof-of-presence.js';
import type { Principal } from '../../common/principal.js';
import { METHODS } from '../../common/authentication-methods.js';
import { AuthError } from '../../errors/auth-error.js';
import { CodePlaces } from '../../mailed-codes/code-places.service.js';
import { CodeRefusals } from '../../mailed-codes/code-refusals.service.js';
import { CodeUses } from '../../mailed-codes/code-uses.service.js';
import type { CodeChallenge } from '../../mailed-codes/mailed-code.js';
import { MailedCodes } from '../../mailed-codes/mailed-codes.service.js';

const PURPOSE = 'reauthentication';

/** A code that was mailed to the address of the account: every account can sign in by one. */
@Injectable()
export class EmailCodePresence extends ProofOfPresence {
  override readonly kind = 'emailCode';
  override readonly methods = [METHODS.mail];
  override readonly fields = { emailCode: v.string(), challenge: v.string() };

  constructor(
    private readonly codes: MailedCodes,
    private readonly places: CodePlaces,
    private readonly uses: CodeUses,
    private readonly refusals: CodeRefusals,
  ) {
    super();
  }

  override worthTo(): PresenceWorth {
    return 'enough';
  }

  override async check(presented: PresentedProof): Promise<PresenceVerdict> {
    const challenge = this.codes.open(PURPOSE, String(presented.fields['challenge']));
    if (challenge === undefined) throw new AuthError('CHALLENGE_EXPIRED');
    try {
      return await this.checkCode(presented, challenge);
    } catch (error) {
      if (!(await this.refusals.isEvent(error, challenge))) throw error;
      return { refusal: 'CHALLENGE_EXPIRED', reason: 'challenge' };
    }
  }

  private async checkCode(
    { fields, who, account }: PresentedProof,
    challenge: CodeChallenge,
  ): Promise<PresenceVerdict> {
    if (!this.codes.isLive(challenge) || !isBoundTo(challenge, who)) throw new AuthError('CHALLENGE_EXPIRED');
    const tries = await this.uses.begin(challenge);
    try {
      const salt = await this.places.saltOf(PURPOSE, account.userId, challenge);
      if (!this.codes.matches(PURPOSE, challenge, account, salt, String(fields['emailCode']))) {
        await this.uses.refuseUsed(challenge);
        await tries.settle('wrong');
        return { refusal: 'INVALID_CODE' };
      }
      await tries.settle('right');
      await this.uses.use(challenge, { purpose: PURPOSE, userId: account.userId });
      return { method: METHODS.mail };
    } finally {
      await tries.settle('no-verdict');
    }
  }
}

/** To the session too: what was begun in one is nothing to another of the same account. */
function isBoundTo({ facts }: CodeChallenge, { userId, sessionId }: Principal): boolean {
  return facts['userId'] === userId && facts['sessionId'] === sessionId;
}
