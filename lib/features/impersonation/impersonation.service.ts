import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isMultiFactor } from '../../common/authentication-methods.js';
import type { ClientInfo } from '../../common/client-address.js';
import { MINUTE_MS } from '../../common/duration.js';
import type { Principal } from '../../common/principal.js';
import { AuthError } from '../../errors/auth-error.js';
import type { EventInput } from '../../events/auth-event.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { AuthHooks } from '../../hooks/auth-hooks.js';
import { withinDeadline } from '../../hooks/within-deadline.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { RoleGrants } from '../../roles/role-grants.js';
import { SecondFactors } from '../../second-factors/second-factors.service.js';
import { ImpersonatedSessions, type LostImpersonation } from '../../sessions/impersonated-sessions.service.js';
import type { LoginSession } from '../../sessions/login-session.entity.js';
import type { Delivery } from '../../sign-in/delivery.js';
import type { CompletedSignIn } from '../../sign-in/sign-in.service.js';
import { TokenScopes } from '../../tokens/token-scopes.js';
import { UserDirectory, type PublicUser } from '../../users/user-directory.js';

export interface ImpersonationStart {
  readonly who: Principal;
  /** Whom to act as. */
  readonly userId: string;
  /** Why, for the audit trail. */
  readonly reason: string;
  /** Default and most: `impersonation.ttl`. */
  readonly minutes: number | undefined;
  readonly deliver: Delivery;
  readonly client: ClientInfo;
}

type Refusal = 'self' | 'administrator' | 'second-factor' | 'veto' | LostImpersonation;

/** Lets an administrator act as somebody else for a while: with the user's rights, and never with the user's proofs. */
@Injectable()
export class Impersonation {
  constructor(
    private readonly users: UserDirectory,
    private readonly sessions: ImpersonatedSessions,
    private readonly grants: RoleGrants,
    private readonly factors: SecondFactors,
    private readonly scopes: TokenScopes,
    private readonly hooks: AuthHooks,
    private readonly events: EventRecorder,
    private readonly settings: AuthSettings,
  ) {}

  /**
   * Throws `NOT_FOUND` (404) for an unknown user; `IMPERSONATION_FORBIDDEN` (403) for oneself, an administrator, an account
   * that is disabled, and one that the option `secondFactor` asks for a factor which the administrator has not proven; `SIGN_IN_REFUSED` (403) for a veto;
   * `VALIDATION_FAILED` (400) for longer than `impersonation.ttl`.
   */
  async begin(start: ImpersonationStart): Promise<CompletedSignIn> {
    const ttlMs = this.ttlOf(start);
    const epoch = await this.users.epochOf(start.userId);
    const user = await this.users.publicUser(start.userId);
    if (user === undefined) throw new AuthError('NOT_FOUND');
    const refusal = this.refusalOf(start, user) ?? (await this.veto(start));
    if (refusal !== undefined) {
      await this.events.write(refused(start, refusal));
      throw errorOf(refusal);
    }
    const begun = await this.sessions.begin(
      {
        administrator: start.who,
        userId: user.id,
        epoch,
        ttlMs,
        scopes: start.deliver === 'tokens' ? this.scopesOf(start, user) : null,
        client: start.client,
      },
      {
        begun: (manager, session) => this.record(manager, start, session),
        lost: (manager, lost) => this.events.record(manager, refused(start, lost)),
      },
    );
    if ('lost' in begun) throw errorOf(begun.lost);
    return { user, session: begun };
  }

  private ttlOf({ minutes }: ImpersonationStart): number {
    const { ttlMs } = this.settings.impersonation;
    const asked = minutes === undefined ? ttlMs : minutes * MINUTE_MS;
    if (asked <= ttlMs) return asked;
    const message = `This is at most ${Math.floor(ttlMs / MINUTE_MS)}.`;
    throw new AuthError('VALIDATION_FAILED', { details: [{ field: 'minutes', rule: 'maxValue', message }] });
  }

  private refusalOf({ who }: ImpersonationStart, { id, roles }: PublicUser): Refusal | undefined {
    if (id === who.userId) return 'self';
    if (this.grants.administers(roles)) return 'administrator';
    // Where the option asks the user for a factor nobody gets round it by having none. One that is set up unasked guards the
    // user's sign-in alone.
    return this.factors.isRequiredOf(roles) && !isMultiFactor(who.methods) ? 'second-factor' : undefined;
  }

  private async veto({ userId, client }: ImpersonationStart): Promise<Refusal | undefined> {
    const { address, userAgent } = client;
    const question = { userId, method: 'impersonation', address, userAgent };
    return (await withinDeadline(() => this.hooks.beforeSignIn(question))) === false ? 'veto' : undefined;
  }

  /** What the user's roles allow, and nothing that the administrator's own token lacks. */
  private scopesOf({ who }: ImpersonationStart, { roles }: PublicUser): readonly string[] {
    return this.scopes.grantable(roles).filter((scope) => who.hasScope(scope));
  }

  private record(manager: EntityManager, start: ImpersonationStart, session: LoginSession): Promise<void> {
    const { reason, deliver: delivery } = start;
    const until = new Date(session.expiresAt).toISOString();
    return this.events.record(manager, {
      ...startedBy(start),
      type: 'impersonation.started',
      details: { reason, delivery, until, session: session.id },
    });
  }
}

function startedBy({ who, userId, client }: ImpersonationStart) {
  return { actorId: who.userId, sessionId: who.sessionId, subjectId: userId, client };
}

function refused(start: ImpersonationStart, refusal: Refusal): EventInput {
  const details = { reason: start.reason, refusal };
  return { ...startedBy(start), type: 'impersonation.refused', outcome: 'failure', details };
}

function errorOf(refusal: Refusal): AuthError {
  if (refusal === 'veto') return new AuthError('SIGN_IN_REFUSED');
  if (refusal === 'session') return new AuthError('NOT_AUTHENTICATED');
  const message = 'Nobody may act as this user from this session.';
  return new AuthError('IMPERSONATION_FORBIDDEN', { message, details: { reason: refusal } });
}
