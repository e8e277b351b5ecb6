import { Injectable } from '@nestjs/common';
import type { PasswordAttempt } from '../attempts/password-attempt.js';
import { FAILED_IN_ROW_LIMIT } from '../attempts/budgets.js';
import type { KnownDevices } from '../attempts/known-devices.js';
import { PasswordAttempts } from '../attempts/password-attempts.service.js';
import { METHODS } from '../common/authentication-methods.js';
import type { ClientInfo } from '../common/client-address.js';
import { AuthError } from '../errors/auth-error.js';
import { AuthSettings } from '../options/auth-settings.js';
import { Passwords } from '../passwords/passwords.service.js';
import type { SessionReference } from '../sessions/session-cookie.js';
import type { Delivery } from './delivery.js';
import { SignIn, type SignInOutcome } from './sign-in.service.js';
import { TokenScopes } from '../tokens/token-scopes.js';
import { UserDirectory, type SignInCandidate } from '../users/user-directory.js';
import { PasswordRecord } from './password-record.service.js';

export interface PasswordSignInRequest {
  readonly identifier: string;
  readonly password: string;
  readonly rememberMe: boolean;
  readonly deliver: Delivery;
  /** For tokens: scopes that are asked for, separated by spaces. */
  readonly scope?: string | undefined;
  readonly client: ClientInfo;
  /** Of mail that the attempt calls for. */
  readonly locale: string;
  readonly devices: KnownDevices;
  readonly replaces: SessionReference | undefined;
  readonly gone: AbortSignal;
}

/**
 * Signing in with a password. Unknown, passwordless, disabled, unverified and wrong cost the same statements and the same
 * one hash, and end in the same `INVALID_CREDENTIALS` (401).
 */
@Injectable()
export class PasswordSignIn {
  constructor(
    private readonly attempts: PasswordAttempts,
    private readonly users: UserDirectory,
    private readonly passwords: Passwords,
    private readonly record: PasswordRecord,
    private readonly signIn: SignIn,
    private readonly scopes: TokenScopes,
    private readonly settings: AuthSettings,
  ) {}

  async signInWith(request: PasswordSignInRequest): Promise<SignInOutcome> {
    if (request.deliver === 'tokens') this.scopes.refuseUnknown(request.scope);
    const attempt = await this.attempts.begin(request.client, request.devices);
    try {
      return await this.check(request, attempt);
    } finally {
      await attempt.settle('no-verdict');
    }
  }

  private async check(request: PasswordSignInRequest, attempt: PasswordAttempt): Promise<SignInOutcome> {
    const candidate = await this.users.findForSignIn(request.identifier);
    await attempt.beginAccount({ account: candidate, identifier: request.identifier });
    const known = attempt.device !== undefined;
    const stored = this.usableHash(candidate, known);
    const { matches, rehash } = await this.passwords.verify(request.password, stored, { signal: request.gone });
    if (!matches || candidate === undefined || stored === null || !this.mayEnter(candidate)) {
      // Counted where the password was right as well: who registered the address could tell by it whether it was free.
      const { lockedForMs } = await attempt.settle('wrong');
      const counted = { byBrowser: known, lockedForMs, unverified: matches };
      this.record.countFailure({ ...request, ...counted, userId: candidate?.userId });
      throw new AuthError('INVALID_CREDENTIALS');
    }
    await attempt.settle('right');
    const knownDevice = request.devices.deviceFor(candidate.userId)?.deviceId;
    const proof = { ...request, ...candidate, method: METHODS.password, knownDevice, budget: attempt.budget };
    const outcome = await this.signIn.complete(proof);
    if (rehash) this.record.hashAnew(candidate.userId, request.password, stored);
    return outcome;
  }

  private mayEnter({ emailVerified }: SignInCandidate): boolean {
    return emailVerified || this.settings.emailVerification !== 'required';
  }

  /** The hash to compare with, or `null` for an account that may not enter whatever the password is. */
  private usableHash(candidate: SignInCandidate | undefined, knownBrowser: boolean): string | null {
    if (candidate === undefined || candidate.disabled) return null;
    const failed = knownBrowser ? candidate.failedInRowKnown : candidate.failedInRow;
    return failed >= FAILED_IN_ROW_LIMIT ? null : candidate.passwordHash;
  }
}
