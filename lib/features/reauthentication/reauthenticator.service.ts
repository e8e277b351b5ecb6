import { Injectable } from '@nestjs/common';
import type { ProofOfPresence } from '../../access/proof-of-presence.js';
import { ReauthenticationAttempts } from '../../attempts/reauthentication-attempts.service.js';
import type { ClientInfo } from '../../common/client-address.js';
import { SECOND_MS } from '../../common/duration.js';
import type { Principal } from '../../common/principal.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import { EventRecorder } from '../../events/event-recorder.js';
import type { LoginSession } from '../../sessions/login-session.entity.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { SessionRenewal } from '../../sessions/session-renewal.js';
import type { CompletedSignIn } from '../../sign-in/sign-in.service.js';
import { MailAccounts } from '../../users/mail-accounts.service.js';
import { UserDirectory } from '../../users/user-directory.js';
import { PresenceProofs } from './presence-proofs.service.js';

export interface ReauthenticationRequest {
  readonly who: Principal;
  readonly proof: ProofOfPresence;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly client: ClientInfo;
  /** Of mail that the check calls for. */
  readonly locale: string;
  readonly gone: AbortSignal;
}

/**
 * Proves the identity of a signed-in user once more: the session goes on under a new id, fresh for `sessions.fresh`. Three
 * wrong proofs lock this alone, and no lock of sign-in stops it: whoever sits at somebody's session can neither keep the
 * owner out nor be kept from by guesses of strangers.
 */
@Injectable()
export class Reauthenticator {
  constructor(
    private readonly proofs: PresenceProofs,
    private readonly accounts: MailAccounts,
    private readonly users: UserDirectory,
    private readonly attempts: ReauthenticationAttempts,
    private readonly renewal: SessionRenewal,
    private readonly cache: SessionCache,
    private readonly database: Database,
    private readonly events: EventRecorder,
  ) {}

  /**
   * Throws what the proof is refused with, `TOO_MANY_ATTEMPTS` (429), `REAUTHENTICATION_REQUIRED` (403) for a proof that is
   * weaker than the sign-in of the account, and `NOT_AUTHENTICATED` (401) when the session has ended meanwhile.
   */
  async reauthenticate(request: ReauthenticationRequest): Promise<CompletedSignIn> {
    const { who } = request;
    const attempt = await this.attempts.begin(who.userId);
    try {
      const verdict = await this.check(request);
      if ('refusal' in verdict) {
        const { refusal, reason } = verdict;
        const lockedForMs = reason === undefined ? (await attempt.settle('wrong')).lockedForMs : 0;
        await this.noteFailure(request, lockedForMs, reason);
        throw new AuthError(refusal);
      }
      await attempt.settle('right');
      const session = await this.renew(request, verdict.method);
      const user = session && (await this.users.publicUser(who.userId));
      if (session === undefined || user === undefined) throw new AuthError('NOT_AUTHENTICATED');
      await attempt.clear();
      return { user, session };
    } finally {
      await attempt.settle('no-verdict');
    }
  }

  private async check({
    who,
    proof,
    fields,
    client,
    locale,
    gone,
  }: ReauthenticationRequest): ReturnType<ProofOfPresence['check']> {
    const account = await this.accounts.find(who.userId);
    if (account === undefined) throw new AuthError('NOT_AUTHENTICATED');
    if (await this.proofs.isTooWeak(proof, account)) {
      const methods = await this.proofs.acceptedOf(account);
      throw new AuthError('REAUTHENTICATION_REQUIRED', { details: { methods } });
    }
    return proof.check({ fields, who, account, client, locale, gone });
  }

  private renew(
    { who: { userId, sessionId }, proof, client }: ReauthenticationRequest,
    method: string,
  ): Promise<LoginSession | undefined> {
    return this.cache.change([userId], (commitBefore) =>
      this.database.write(
        async (manager) => {
          const session = await this.renewal.renew(manager, { userId, sessionId, method });
          if (session === undefined) return undefined;
          const who = { actorId: userId, subjectId: userId, sessionId: session.id, client };
          const details = { proof: proof.kind, before: sessionId };
          await this.events.record(manager, { type: 'reauthentication.succeeded', ...who, details });
          return session;
        },
        { commitBefore },
      ),
    );
  }

  private async noteFailure(
    { who: { userId, sessionId }, proof, client }: ReauthenticationRequest,
    lockedForMs: number,
    reason: string | undefined,
  ): Promise<void> {
    const about = { outcome: 'failure', actorId: userId, subjectId: userId, sessionId, client } as const;
    const details = { proof: proof.kind, ...(reason === undefined ? {} : { reason }) };
    const lock = { lockedForSeconds: lockedForMs / SECOND_MS };
    await this.database.write(async (manager) => {
      await this.events.record(manager, { type: 'reauthentication.failed', ...about, details });
      if (lockedForMs === 0) return;
      await this.events.record(manager, { type: 'reauthentication.locked', ...about, details: lock });
    });
  }
}
