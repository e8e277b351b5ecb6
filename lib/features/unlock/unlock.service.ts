import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PasswordAttempts } from '../../attempts/password-attempts.service.js';
import type { ClientInfo } from '../../common/client-address.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { OneTimeTokens, type PresentedToken } from '../../one-time-tokens/one-time-tokens.service.js';
import { Account } from '../../users/account.entity.js';
import { NO_FAILURES } from '../../users/no-failures.js';

const PURPOSE = 'unlock';
/** Ending a lock by a mailed link. It signs nobody in, and changes nothing of the account. */
@Injectable()
export class Unlock {
  constructor(
    private readonly tokens: OneTimeTokens,
    private readonly attempts: PasswordAttempts,
    private readonly database: Database,
    private readonly events: EventRecorder,
  ) {}

  /** The account that it unlocked. Throws `INVALID_TOKEN` (400), one answer whatever is wrong with the link. */
  async unlock(token: string, client: ClientInfo): Promise<string> {
    const presented = await this.tokens.look(PURPOSE, token);
    if (presented === undefined) return this.refuse(token, client);
    const { userId } = presented.account;
    // Before the claim: a link that is used up and has unlocked nothing would be worth nothing.
    await this.attempts.unlock(presented.account);
    const done = await this.database.write((manager) => this.carryOut(manager, presented, client));
    if (!done) throw new AuthError('INVALID_TOKEN');
    return userId;
  }

  private async carryOut(manager: EntityManager, presented: PresentedToken, client: ClientInfo): Promise<boolean> {
    const { userId } = presented.account;
    if (!(await this.tokens.claim(manager, presented))) {
      await this.events.record(manager, refusal(userId, client));
      return false;
    }
    await manager.update(Account, { userId }, NO_FAILURES);
    await this.events.record(manager, { type: 'account.unlocked', subjectId: userId, client });
    return true;
  }

  private async refuse(token: string, client: ClientInfo): Promise<never> {
    await this.events.write(refusal(await this.tokens.ownerOf(PURPOSE, token), client));
    throw new AuthError('INVALID_TOKEN');
  }
}

function refusal(subjectId: string | undefined, client: ClientInfo) {
  return { type: 'account.unlock_failed', outcome: 'failure', subjectId, client } as const;
}
