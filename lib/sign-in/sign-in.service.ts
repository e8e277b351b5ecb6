import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../common/client-address.js';
import { AuthError } from '../errors/auth-error.js';
import { AuthHooks } from '../hooks/auth-hooks.js';
import { withinDeadline } from '../hooks/within-deadline.js';
import { AuthSettings } from '../options/auth-settings.js';
import type { LoginSession } from '../sessions/login-session.entity.js';
import type { SessionReference } from '../sessions/session-cookie.js';
import { SessionOpener, type ProvenBefore } from '../sessions/session-opener.js';
import { Sessions } from '../sessions/sessions.service.js';
import { UserDirectory, type PublicUser } from '../users/user-directory.js';
import { TokenScopes } from '../tokens/token-scopes.js';
import type { Delivery } from './delivery.js';

/** A proof of identity that has passed. */
export interface SignInProof {
  readonly userId: string;
  /** The account's epoch that was read before the proof was checked. */
  readonly epoch: number;
  /** RFC 8176 name: `pwd`. */
  readonly method: string;
  readonly rememberMe: boolean;
  readonly deliver: Delivery;
  /** Scopes that the tokens are asked to carry, separated by spaces. Default: all that may be granted. */
  readonly scope?: string | undefined;
  /** What the methods proved, and when, where that was before. Default: the method, now. */
  readonly proven?: ProvenBefore | undefined;
  readonly client: ClientInfo;
  /** The session that the browser held until now: it ends, so that no id survives a sign-in (ASVS 5.0 V7.2.4). */
  readonly replaces?: SessionReference | undefined;
}

export interface CompletedSignIn {
  readonly user: PublicUser;
  readonly session: LoginSession;
}

/**
 * Ends every way of signing in. It alone checks the state of the account, asks the application's veto and begins sessions.
 * Throws `INVALID_CREDENTIALS` (401) for an account that is disabled, gone, unverified where that is required, or whose
 * epoch has moved on since the proof; `SIGN_IN_REFUSED` (403) for a veto.
 */
@Injectable()
export class SignIn {
  constructor(
    private readonly users: UserDirectory,
    private readonly opener: SessionOpener,
    private readonly sessions: Sessions,
    private readonly scopes: TokenScopes,
    private readonly hooks: AuthHooks,
    private readonly settings: AuthSettings,
  ) {}

  async complete(proof: SignInProof): Promise<CompletedSignIn> {
    const user = await this.users.publicUser(proof.userId);
    if (user === undefined || !this.mayEnter(user)) throw new AuthError('INVALID_CREDENTIALS');
    await this.askVeto(proof);
    const scopes = proof.deliver === 'tokens' ? this.scopes.grant(proof.scope, user.roles) : undefined;
    const session = await this.opener.open({ ...proof, methods: [proof.method], ...proof.proven, scopes });
    if (session === undefined) throw new AuthError('INVALID_CREDENTIALS');
    if (proof.replaces !== undefined) await this.sessions.revokeBySid(proof.replaces.userId, proof.replaces.sid);
    return { user, session };
  }

  private mayEnter(user: PublicUser): boolean {
    return user.emailVerified || this.settings.emailVerification !== 'required';
  }

  private async askVeto({ userId, method, client }: SignInProof): Promise<void> {
    const { address, userAgent } = client;
    const answer = await withinDeadline(() => this.hooks.beforeSignIn({ userId, method, address, userAgent }));
    if (answer === false) throw new AuthError('SIGN_IN_REFUSED');
  }
}
