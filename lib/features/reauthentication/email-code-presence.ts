import { Injectable } from '@nestjs/common';
import * as v from 'valibot';
import {
  ProofOfPresence,
  type PresenceVerdict,
  type PresenceWorth,
  type PresentedProof,
} from '../../access/proof-of-presence.js';
import type { Principal } from '../../common/principal.js';
import { AuthError } from '../../errors/auth-error.js';
import { CodeUses } from '../../mailed-codes/code-uses.service.js';
import { EMAIL_METHOD, type CodeChallenge } from '../../mailed-codes/mailed-code.js';
import { MailedCodes } from '../../mailed-codes/mailed-codes.service.js';

const PURPOSE = 'reauthentication';

/** A code that was mailed to the address of the account: every account can sign in by one. */
@Injectable()
export class EmailCodePresence extends ProofOfPresence {
  override readonly kind = 'emailCode';
  override readonly fields = { emailCode: v.string(), challenge: v.string() };

  constructor(
    private readonly codes: MailedCodes,
    private readonly uses: CodeUses,
  ) {
    super();
  }

  override worthTo(): PresenceWorth {
    return 'enough';
  }

  override async check({ fields, who, account }: PresentedProof): Promise<PresenceVerdict> {
    const challenge = this.codes.open(PURPOSE, String(fields['challenge']));
    if (challenge === undefined || !isBoundTo(challenge, who)) throw new AuthError('CHALLENGE_EXPIRED');
    const tries = await this.uses.begin(challenge);
    try {
      if (!this.codes.matches(PURPOSE, challenge, account, String(fields['emailCode']))) {
        await tries.settle('wrong');
        return { refusal: 'INVALID_CODE' };
      }
      await tries.settle('right');
      await this.uses.use(challenge, { purpose: PURPOSE, userId: account.userId });
      return { method: EMAIL_METHOD };
    } finally {
      await tries.settle('no-verdict');
    }
  }
}

/** To the session too: what was begun in one is nothing to another of the same account. */
function isBoundTo({ facts }: CodeChallenge, { userId, sessionId }: Principal): boolean {
  return facts['userId'] === userId && facts['sessionId'] === sessionId;
}
