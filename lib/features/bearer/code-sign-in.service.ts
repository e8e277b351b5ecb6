import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../../common/client-address.js';
import { AuthError } from '../../errors/auth-error.js';
import { Sessions } from '../../sessions/sessions.service.js';
import { SignIn, type CompletedSignIn } from '../../sign-in/sign-in.service.js';
import { AuthorizationCodes } from '../../tokens/authorization-codes.js';

export interface CodeSignInRequest {
  readonly code: string;
  readonly codeVerifier: string;
  readonly client: ClientInfo;
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
  async signInWith({ code, codeVerifier, client }: CodeSignInRequest): Promise<CompletedSignIn> {
    const grant = await this.codes.take(code, codeVerifier);
    if (grant === undefined) {
      const spent = await this.codes.spent(code);
      if (spent !== undefined) await this.sessions.revokeBySid(spent.userId, spent.sid);
      throw new AuthError('CHALLENGE_EXPIRED');
    }
    if (grant.sessionId !== undefined && !(await this.sessions.isLive(grant.userId, grant.sessionId))) {
      throw new AuthError('CHALLENGE_EXPIRED');
    }
    const { userId, epoch, scope, methods } = grant;
    const completed = await this.signIn.complete({
      userId,
      epoch,
      scope,
      method: methods.at(-1) ?? 'code',
      proven: grant,
      rememberMe: false,
      deliver: 'tokens',
      client,
    });
    await this.codes.noteSpent(code, completed.session);
    return completed;
  }
}
