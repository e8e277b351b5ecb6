import { Injectable } from '@nestjs/common';
import { METHODS } from '../../common/authentication-methods.js';
import type { ClientInfo } from '../../common/client-address.js';
import { AuthError } from '../../errors/auth-error.js';
import { Sessions } from '../../sessions/sessions.service.js';
import { SignIn, type SignInOutcome, type SignInProof } from '../../sign-in/sign-in.service.js';
import { AuthorizationCodes, type SpentCode } from '../../tokens/authorization-codes.js';

export interface CodeSignInRequest {
  readonly code: string;
  readonly codeVerifier: string;
  readonly client: ClientInfo;
  readonly locale: string;
}

/** Signing an application in with the one-time code that a browser sign-in handed it. */
@Injectable()
export class CodeSignIn {
  constructor(
    private readonly codes: AuthorizationCodes,
    private readonly sessions: Sessions,
    private readonly signIn: SignIn,
  ) {}

  /**
   * Throws `CHALLENGE_EXPIRED` (401) for a code that is unknown, expired or used, or whose session has ended; what a used
   * one began ends with it (RFC 6749 §4.1.2).
   */
  async signInWith({ code, codeVerifier, client, locale }: CodeSignInRequest): Promise<SignInOutcome> {
    const grant = await this.codes.take(code, codeVerifier);
    if (grant === undefined) {
      await this.endBegun(await this.codes.replayed(code), client);
      throw new AuthError('CHALLENGE_EXPIRED');
    }
    const { userId, epoch, scope, methods } = grant;
    const outcome = await this.complete({
      userId,
      epoch,
      scope,
      method: methods.findLast((method) => method !== METHODS.multiFactor) ?? 'code',
      proven: grant,
      rememberMe: false,
      deliver: 'tokens',
      client,
      locale,
      // Known by the session that made the code, if one did.
      knownDevice: grant.sessionId ?? grant.knownDevice,
    });
    if ('pending' in outcome) return outcome;
    if (!(await this.codes.noteSpent(code, outcome.session))) {
      await this.endBegun(outcome.session, client);
      throw new AuthError('CHALLENGE_EXPIRED');
    }
    return outcome;
  }

  /** An account or session that has ended since the code was made is for the application the same as an expired code. */
  private async complete(proof: SignInProof): Promise<SignInOutcome> {
    try {
      return await this.signIn.complete(proof);
    } catch (error) {
      if (error instanceof AuthError && error.code === 'INVALID_CREDENTIALS') throw new AuthError('CHALLENGE_EXPIRED');
      throw error;
    }
  }

  private async endBegun(session: SpentCode | undefined, client: ClientInfo): Promise<void> {
    if (session === undefined) return;
    const details = { reason: 'code-replayed' };
    await this.sessions.revokeBySid(session.userId, session.sid, { type: 'session.revoked', client, details });
  }
}
