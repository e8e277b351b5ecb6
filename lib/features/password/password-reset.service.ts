import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PasswordAttempts } from '../../attempts/password-attempts.service.js';
import type { ClientInfo } from '../../common/client-address.js';
import { Clock } from '../../common/clock.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { Outbox } from '../../mail/outbox.js';
import { OneTimeTokens, type PresentedToken } from '../../one-time-tokens/one-time-tokens.service.js';
import { NewPasswords } from '../../passwords/new-passwords.service.js';
import { clientFacts } from '../../sessions/client-facts.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { raiseEpoch } from '../../users/account-epoch.js';
import { Account } from '../../users/account.entity.js';
import { Credentials } from '../../users/credentials.service.js';
import { UnprovenFields } from '../../users/unproven-fields.service.js';
import { UserTable } from '../../users/user-table.js';

export interface PasswordResetRequest {
  readonly token: string;
  readonly password: string;
  readonly client: ClientInfo;
  readonly locale: string;
  readonly gone: AbortSignal;
}

const PURPOSE = 'reset-password';
const ANEW = { failedInRow: 0, failedInRowKnown: 0, contestedAt: null } as const;

/** Setting a password by a mailed link. It proves the mailbox, and signs nobody in. */
@Injectable()
export class PasswordReset {
  private readonly logger = new Logger('Gatehouse');

  constructor(
    private readonly tokens: OneTimeTokens,
    private readonly newPasswords: NewPasswords,
    private readonly cache: SessionCache,
    private readonly database: Database,
    private readonly table: UserTable,
    private readonly credentials: Credentials,
    private readonly unproven: UnprovenFields,
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
    private readonly attempts: PasswordAttempts,
    private readonly clock: Clock,
  ) {}

  /**
   * The account whose password it was. Ends its sessions and every other link of it, on every node. Throws `INVALID_TOKEN`
   * (400), one answer whatever is wrong with the link, and `PASSWORD_REJECTED` (400), which leaves it usable.
   */
  async reset(request: PasswordResetRequest): Promise<string> {
    const presented = await this.tokens.look(PURPOSE, request.token);
    if (presented === undefined) return this.refuse(request);
    const { userId, email } = presented.account;
    const hash = await this.newPasswords.prepare(request.password, { userId, email }, { signal: request.gone });
    const done = await this.cache.change([userId], (commitBefore) =>
      this.database.write((manager) => this.carryOut(manager, presented, hash, request), { commitBefore }),
    );
    if (!done) throw new AuthError('INVALID_TOKEN');
    // The password has been set: what is left of a lock runs out by itself.
    await this.attempts
      .unlock(presented.account)
      .catch(() => this.logger.warn('A lock could not be ended after a reset'));
    return userId;
  }

  private async carryOut(
    manager: EntityManager,
    presented: PresentedToken,
    hash: string,
    { client, locale }: PasswordResetRequest,
  ): Promise<boolean> {
    const { userId, email: address, emailVerified, contested } = presented.account;
    if (!(await this.tokens.claim(manager, presented))) {
      await this.events.record(manager, refusal(userId, client));
      return false;
    }
    await raiseEpoch(manager, userId);
    await this.newPasswords.store(manager, userId, hash);
    await manager.update(Account, { userId }, ANEW);
    if (!emailVerified) await this.table.setEmailVerified(manager, userId, this.clock.now());
    if (!emailVerified || contested) {
      await this.credentials.drop(manager, userId);
      await this.unproven.reset(manager, userId);
    }
    await this.tokens.endAll(manager, userId);
    await this.events.record(manager, { type: 'password.reset', subjectId: userId, client });
    const data = clientFacts(client);
    await this.outbox.add(manager, { kind: 'password-changed', userId, address, locale, data });
    return true;
  }

  private async refuse({ token, client }: PasswordResetRequest): Promise<never> {
    await this.events.write(refusal(await this.tokens.ownerOf(PURPOSE, token), client));
    throw new AuthError('INVALID_TOKEN');
  }
}

function refusal(subjectId: string | undefined, client: ClientInfo) {
  return { type: 'password.reset_failed', outcome: 'failure', subjectId, client } as const;
}
