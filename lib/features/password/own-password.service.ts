import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ReauthenticationAttempts } from '../../attempts/reauthentication-attempts.service.js';
import { METHODS } from '../../common/authentication-methods.js';
import type { ClientInfo } from '../../common/client-address.js';
import type { Principal } from '../../common/principal.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import { EventRecorder } from '../../events/event-recorder.js';
import type { AuthEventType } from '../../events/event-catalogue.js';
import { Outbox } from '../../mail/outbox.js';
import { OneTimeTokens } from '../../one-time-tokens/one-time-tokens.service.js';
import { NewPasswords } from '../../passwords/new-passwords.service.js';
import { SecondFactors } from '../../second-factors/second-factors.service.js';
import { clientFacts } from '../../sessions/client-facts.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { SessionRenewal } from '../../sessions/session-renewal.js';
import { CurrentPassword } from '../../sign-in/current-password.service.js';
import type { CompletedSignIn } from '../../sign-in/sign-in.service.js';
import { raiseEpoch } from '../../users/account-epoch.js';
import { Account } from '../../users/account.entity.js';
import { NO_FAILURES } from '../../users/no-failures.js';
import { UserDirectory } from '../../users/user-directory.js';

export interface NewPasswordRequest {
  readonly who: Principal;
  readonly password: string;
  readonly client: ClientInfo;
  readonly locale: string;
  readonly gone: AbortSignal;
}

interface Change {
  readonly event: AuthEventType;
  /** RFC 8176 name of what was proven with it. */
  readonly method?: string;
}

/**
 * The password of a signed-in user. A new one ends every session and every mailed link of the account; the caller's session
 * goes on under a new id, which is what both methods return. Both throw `PASSWORD_REJECTED` (400), and `NOT_AUTHENTICATED`
 * (401) when the session has ended meanwhile.
 */
@Injectable()
export class OwnPassword {
  constructor(
    private readonly users: UserDirectory,
    private readonly attempts: ReauthenticationAttempts,
    private readonly current: CurrentPassword,
    private readonly newPasswords: NewPasswords,
    private readonly cache: SessionCache,
    private readonly database: Database,
    private readonly renewal: SessionRenewal,
    private readonly factors: SecondFactors,
    private readonly tokens: OneTimeTokens,
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
  ) {}

  /** Throws `INVALID_CREDENTIALS` (401) for a wrong current password, `TOO_MANY_ATTEMPTS` (429) after three. */
  async change(currentPassword: string, request: NewPasswordRequest): Promise<CompletedSignIn> {
    await this.prove(currentPassword, request);
    // Less than what signs in to the account makes no session fresh: it would be enough to remove the second factor.
    const due = await this.factors.dueOf(request.who.userId);
    return this.store(request, {
      event: 'password.changed',
      ...(due.length === 0 ? { method: METHODS.password } : {}),
    });
  }

  /** Only for an account without one: throws `ALREADY_ENABLED` (409) otherwise. */
  async set(request: NewPasswordRequest): Promise<CompletedSignIn> {
    if ((await this.users.passwordHashOf(request.who.userId)) !== null) throw new AuthError('ALREADY_ENABLED');
    return this.store(request, { event: 'password.set' });
  }

  private async prove(currentPassword: string, { who, client, gone }: NewPasswordRequest): Promise<void> {
    const { userId, sessionId } = who;
    const attempt = await this.attempts.begin(userId);
    try {
      if (await this.current.matches(userId, currentPassword, { signal: gone })) {
        await attempt.settle('right');
        await attempt.clear();
        return;
      }
      const { lockedForMs } = await attempt.settle('wrong');
      const refused = { outcome: 'failure', actorId: userId, subjectId: userId, sessionId, client } as const;
      await this.database.write(async (manager) => {
        await this.events.record(manager, { type: 'password.change_failed', ...refused });
        if (lockedForMs > 0) await this.events.record(manager, { type: 'reauthentication.locked', ...refused });
      });
      throw new AuthError('INVALID_CREDENTIALS');
    } finally {
      await attempt.settle('no-verdict');
    }
  }

  private async store(request: NewPasswordRequest, change: Change): Promise<CompletedSignIn> {
    const { userId } = request.who;
    const user = await this.users.publicUser(userId);
    if (user === undefined) throw new AuthError('NOT_AUTHENTICATED');
    const context = { userId, email: user.email };
    const hash = await this.newPasswords.prepare(request.password, context, { signal: request.gone });
    const session = await this.cache.change([userId], (commitBefore) =>
      this.database.write((manager) => this.renew(manager, { hash, address: user.email }, request, change), {
        commitBefore,
      }),
    );
    if (session === undefined) throw new AuthError('NOT_AUTHENTICATED');
    return { user, session };
  }

  private renew(
    manager: EntityManager,
    { hash, address }: { readonly hash: string; readonly address: string },
    { who: { userId, sessionId }, client, locale }: NewPasswordRequest,
    { event, ...proven }: Change,
  ): ReturnType<SessionRenewal['renew']> {
    return this.renewal.renew(manager, { userId, sessionId, ...proven }, async () => {
      await raiseEpoch(manager, userId);
      await this.newPasswords.store(manager, userId, hash);
      await manager.update(Account, { userId }, NO_FAILURES);
      await this.tokens.endAll(manager, userId);
      await this.events.record(manager, { type: event, actorId: userId, subjectId: userId, sessionId, client });
      const data = clientFacts(client);
      await this.outbox.add(manager, { kind: 'password-changed', userId, address, locale, data });
    });
  }
}
