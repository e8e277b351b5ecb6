import { Injectable } from '@nestjs/common';
import { PasswordAttempts } from '../attempts/password-attempts.service.js';
import { isMultiFactor, joinMethods } from '../common/authentication-methods.js';
import type { ClientInfo } from '../common/client-address.js';
import { AuthError } from '../errors/auth-error.js';
import { Metrics } from '../events/metrics.service.js';
import { AuthHooks } from '../hooks/auth-hooks.js';
import { withinDeadline } from '../hooks/within-deadline.js';
import { AuthSettings } from '../options/auth-settings.js';
import type { PendingSignIn } from '../second-factors/pending-sign-in.js';
import { SecondFactors } from '../second-factors/second-factors.service.js';
import type { LoginSession } from '../sessions/login-session.entity.js';
import type { SessionReference } from '../sessions/session-cookie.js';
import { SessionOpener, type ProvenBefore } from '../sessions/session-opener.js';
import { Sessions } from '../sessions/sessions.service.js';
import { UserDirectory, type PublicUser } from '../users/user-directory.js';
import { TokenScopes } from '../tokens/token-scopes.js';
import type { Delivery } from './delivery.js';
import { SignInRecord } from './sign-in-record.js';

/** A proof of identity that has passed. */
export interface SignInProof {
  readonly userId: string;
  /** The account's epoch that was read before the proof was checked. */
  readonly epoch: number;
  /** What was proven, by its name in `METHODS`. */
  readonly method: string;
  /** What has been proven besides, for a second factor or a proof that is worth more than one. Default: nothing. */
  readonly passed?: readonly string[] | undefined;
  /** The budget that a guess was counted in: its failures are forgotten when the sign-in is complete. */
  readonly budget?: string | undefined;
  readonly rememberMe: boolean;
  readonly deliver: Delivery;
  /** Scopes that the tokens are asked to carry, separated by spaces. Default: all that may be granted. */
  readonly scope?: string | undefined;
  /** What the methods proved, and when, where that was before. Default: the method, now. */
  readonly proven?: ProvenBefore | undefined;
  /** Epoch ms until which the session is fresh. Default: `sessions.fresh` from now. */
  readonly freshUntil?: number;
  readonly client: ClientInfo;
  /** Of mail that the sign-in calls for, by `MailLocales`. */
  readonly locale: string;
  /**
   * What the browser is known to the account by, since it has signed in before: the id in its device cookie. `undefined`: it
   * has not, and the owner is told.
   */
  readonly knownDevice: string | undefined;
  /**
   * For a proof that came by mail, and so proves the address: uses it up, after the veto and before a session begins.
   * Answers the account's epoch from then on; throws when somebody else was faster.
   */
  readonly redeem?: (() => Promise<number>) | undefined;
  /** The session that the browser held until now: it ends, so that no id survives a sign-in (ASVS 5.0 V7.2.4). */
  readonly replaces?: SessionReference | undefined;
}

/** Who asks to come in, and with what. */
export type SignInCandidacy = Pick<SignInProof, 'userId' | 'method' | 'client' | 'redeem'>;

export interface CompletedSignIn {
  readonly user: PublicUser;
  readonly session: LoginSession;
}

/** A first factor was right, and the account has a second one: no session exists yet. */
export interface AwaitedFactor {
  readonly pending: PendingSignIn;
  /** The fields of `POST /second-factor` that may finish it. */
  readonly methods: readonly string[];
}

export type SignInOutcome = CompletedSignIn | AwaitedFactor;

/**
 * Ends every way of signing in. It alone checks the state of the account, asks the application's veto, asks for the second
 * factor that is due, and begins sessions. Throws `INVALID_CREDENTIALS` (401) for an account that is disabled, gone,
 * unverified where that is required, or whose epoch has moved on since the proof; `SIGN_IN_REFUSED` (403) for a veto.
 */
@Injectable()
export class SignIn {
  constructor(
    private readonly users: UserDirectory,
    private readonly opener: SessionOpener,
    private readonly sessions: Sessions,
    private readonly scopes: TokenScopes,
    private readonly record: SignInRecord,
    private readonly metrics: Metrics,
    private readonly hooks: AuthHooks,
    private readonly factors: SecondFactors,
    private readonly attempts: PasswordAttempts,
    private readonly settings: AuthSettings,
  ) {}

  complete(proof: SignInProof): Promise<SignInOutcome> {
    return this.metrics.timed('auth_sign_in', { method: proof.method }, () => this.begin(proof));
  }

  /**
   * Asks the state of the account and then the application's veto, and changes nothing but the audit trail: for a proof
   * that is used up now and completed later. Throws as `complete` does.
   */
  async admit(candidacy: SignInCandidacy): Promise<PublicUser> {
    const user = await this.users.publicUser(candidacy.userId);
    if (user === undefined || !this.mayEnter(user, candidacy)) {
      await this.record.failed(candidacy);
      throw new AuthError('INVALID_CREDENTIALS');
    }
    await this.askVeto(candidacy);
    return user;
  }

  private async begin(proof: SignInProof): Promise<SignInOutcome> {
    const user = await this.admit(proof);
    const scopes = proof.deliver === 'tokens' ? this.scopes.grant(proof.scope, user.roles) : undefined;
    const epoch = (await proof.redeem?.()) ?? proof.epoch;
    const methods = joinMethods(proof.proven?.methods ?? proof.passed ?? [], proof.method);
    const awaited = isMultiFactor(methods) ? undefined : await this.awaitedBy(proof, epoch, methods);
    if (awaited !== undefined) return awaited;
    const request = { ...proof, epoch, ...proof.proven, methods, scopes };
    const session = await this.opener.open(request, this.record.opening(proof, user.email));
    if (session === undefined) throw new AuthError('INVALID_CREDENTIALS');
    if (proof.budget !== undefined) await this.attempts.forget(proof.budget);
    await this.endReplaced(proof);
    return { user: await this.afterwards(user, proof), session };
  }

  private async awaitedBy(
    proof: SignInProof,
    epoch: number,
    methods: readonly string[],
  ): Promise<AwaitedFactor | undefined> {
    const due = await this.factors.dueOf(proof.userId);
    if (due.length === 0) return undefined;
    const { userId, deliver, rememberMe, scope, knownDevice, budget } = proof;
    await this.record.awaited(proof);
    return {
      pending: { userId, epoch, methods, deliver, rememberMe, scope, knownDevice, budget },
      methods: due.map(({ kind }) => kind),
    };
  }

  /** Proving the address of an account changes what is known of it. */
  private async afterwards(user: PublicUser, { redeem }: SignInProof): Promise<PublicUser> {
    if (redeem === undefined || user.emailVerified) return user;
    return (await this.users.publicUser(user.id)) ?? user;
  }

  private async endReplaced({ userId: actorId, client, replaces }: SignInProof): Promise<void> {
    if (replaces === undefined) return;
    const goesOn = replaces.userId === actorId;
    const end = { actorId, client, goesOn, leaves: true, details: { reason: 'replaced' } };
    await this.sessions.revokeBySid(replaces.userId, replaces.sid, { type: 'session.ended', ...end });
  }

  private mayEnter(user: PublicUser, { redeem }: SignInCandidacy): boolean {
    return user.emailVerified || redeem !== undefined || this.settings.emailVerification !== 'required';
  }

  private async askVeto(candidacy: SignInCandidacy): Promise<void> {
    const { userId, method } = candidacy;
    const { address, userAgent } = candidacy.client;
    const answer = await withinDeadline(() => this.hooks.beforeSignIn({ userId, method, address, userAgent }));
    if (answer !== false) return;
    await this.record.refused(candidacy);
    throw new AuthError('SIGN_IN_REFUSED');
  }
}
