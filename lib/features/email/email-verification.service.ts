import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ClientInfo } from '../../common/client-address.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { OneTimeTokens, type PresentedToken } from '../../one-time-tokens/one-time-tokens.service.js';
import { NewPasswords } from '../../passwords/new-passwords.service.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { Addresses } from '../../users/addresses.service.js';

export interface VerificationRequest {
  readonly token: string;
  /** The first one of whoever proves a contested address. */
  readonly password: string | undefined;
  readonly client: ClientInfo;
  readonly gone: AbortSignal;
}

const PURPOSE = 'verify-email';
const NOT_CONTESTED = { field: 'password', rule: 'notAllowed', message: 'The account keeps the password it has.' };

/** Proving an address by a mailed link. It signs nobody in. */
@Injectable()
export class EmailVerification {
  constructor(
    private readonly tokens: OneTimeTokens,
    private readonly newPasswords: NewPasswords,
    private readonly addresses: Addresses,
    private readonly cache: SessionCache,
    private readonly database: Database,
    private readonly events: EventRecorder,
  ) {}

  /**
   * Throws `INVALID_TOKEN` (400), one answer whatever is wrong with the link. Neither `PASSWORD_REJECTED` (400) nor
   * `VALIDATION_FAILED` (400), for a password that only a contested address may be given, uses the link up.
   */
  async verify(request: VerificationRequest): Promise<void> {
    const { token, password, client, gone } = request;
    const presented = await this.tokens.look(PURPOSE, token);
    if (presented === undefined) {
      await this.events.write(refusal(await this.tokens.ownerOf(PURPOSE, token), client));
      throw new AuthError('INVALID_TOKEN');
    }
    const { userId, email, contested } = presented.account;
    if (password !== undefined && !contested) throw new AuthError('VALIDATION_FAILED', { details: [NOT_CONTESTED] });
    const hash =
      password === undefined
        ? undefined
        : await this.newPasswords.prepare(password, { userId, email }, { signal: gone });
    const done = await this.cache.change([userId], (commitBefore) =>
      this.database.write((manager) => this.carryOut(manager, presented, hash, client), { commitBefore }),
    );
    if (!done) throw new AuthError('INVALID_TOKEN');
  }

  private async carryOut(
    manager: EntityManager,
    presented: PresentedToken,
    hash: string | undefined,
    client: ClientInfo,
  ): Promise<boolean> {
    const { userId } = presented.account;
    if (!(await this.tokens.claim(manager, presented))) {
      await this.events.record(manager, refusal(userId, client));
      return false;
    }
    const contested = await this.addresses.prove(manager, userId);
    if (contested && hash !== undefined) await this.newPasswords.store(manager, userId, hash);
    await this.events.record(manager, { type: 'email.verified', subjectId: userId, client, details: { contested } });
    return true;
  }
}

function refusal(subjectId: string | undefined, client: ClientInfo) {
  return { type: 'email.verification_failed', outcome: 'failure', subjectId, client } as const;
}
