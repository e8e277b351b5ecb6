import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../../common/client-address.js';
import { AuthError } from '../../errors/auth-error.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { FactorAttempts } from '../../second-factors/factor-attempts.service.js';
import type { FoundSignIn } from '../../second-factors/pending-sign-in.js';
import { PendingSignIns } from '../../second-factors/pending-sign-ins.service.js';
import type { SecondFactor } from '../../second-factors/second-factor.js';
import type { Delivery } from '../../sign-in/delivery.js';
import { SignIn, type SignInOutcome } from '../../sign-in/sign-in.service.js';
import type { SessionReference } from '../../sessions/session-cookie.js';
import { SecondFactors } from '../../second-factors/second-factors.service.js';
import { UserDirectory } from '../../users/user-directory.js';

export interface SecondFactorRequest {
  readonly challenge: string;
  readonly factor: SecondFactor;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly deliver: Delivery | undefined;
  /** Hash of what the browser holds since the first factor. */
  readonly binding: string | undefined;
  readonly client: ClientInfo;
  readonly locale: string;
  /** The session that the browser holds, in cookie delivery. */
  readonly replaces: SessionReference | undefined;
}

export interface FinishedSignIn {
  readonly deliver: Delivery;
  readonly outcome: SignInOutcome;
}

/**
 * Finishes a sign-in with its second factor: the try is counted, the proof is checked and used up, the challenge is taken,
 * and `SignIn.complete` looks at account, veto and epoch once more.
 */
@Injectable()
export class SecondFactorSignIn {
  constructor(
    private readonly waiting: PendingSignIns,
    private readonly factors: SecondFactors,
    private readonly attempts: FactorAttempts,
    private readonly signIn: SignIn,
    private readonly users: UserDirectory,
    private readonly events: EventRecorder,
  ) {}

  /**
   * Throws `CHALLENGE_EXPIRED` (401) for a challenge that is unknown, over, burned by five wrong proofs, of another browser or
   * delivery, or from before something that ended every session; `INVALID_CODE` (400) for a wrong proof; `TOO_MANY_ATTEMPTS` (429) while the factor is locked.
   */
  async finish(request: SecondFactorRequest): Promise<FinishedSignIn> {
    const pending = await this.waiting.find(request.challenge, request.binding);
    if (pending === undefined || (request.deliver ?? pending.deliver) !== pending.deliver) {
      throw new AuthError('CHALLENGE_EXPIRED');
    }
    // What ends every session ends it too: nothing is used up for it.
    if ((await this.users.epochOf(pending.userId)) !== pending.epoch) throw new AuthError('CHALLENGE_EXPIRED');
    const tries = await this.attempts.begin(pending);
    try {
      const method = await this.check(request, pending);
      if (method === undefined) {
        await tries.settle('wrong');
        throw new AuthError('INVALID_CODE');
      }
      await tries.settle('right');
      if (!(await this.waiting.take(pending))) throw new AuthError('CHALLENGE_EXPIRED');
      return { deliver: pending.deliver, outcome: await this.complete(request, pending, method) };
    } finally {
      await tries.settle('no-verdict');
    }
  }

  /** What was proven, or `undefined` for a wrong proof, which has been recorded. */
  private async check(
    { factor, fields, client, locale }: SecondFactorRequest,
    { userId, id: askedBy, knownDevice }: FoundSignIn,
  ): Promise<string | undefined> {
    const verdict = await this.attempts.check(factor, { userId, fields, askedBy, client, locale, knownDevice });
    if ('method' in verdict) return verdict.method;
    await this.events.write({
      type: 'sign_in.failed',
      outcome: 'failure',
      subjectId: userId,
      client,
      details: { method: factor.kind, reason: 'second-factor' },
    });
    if (verdict.refusal !== 'INVALID_CODE') throw new AuthError(verdict.refusal);
    return undefined;
  }

  private async complete(
    { client, locale, replaces }: SecondFactorRequest,
    { id: _id, methods, ...pending }: FoundSignIn,
    method: string,
  ): Promise<SignInOutcome> {
    const proof = { ...pending, client, locale, method, passed: methods };
    try {
      return await this.signIn.complete(pending.deliver === 'cookie' ? { ...proof, replaces } : proof);
    } catch (error) {
      // The account has changed since the first factor, and that has been recorded.
      if (error instanceof AuthError && error.code === 'INVALID_CREDENTIALS') throw new AuthError('CHALLENGE_EXPIRED');
      throw error;
    }
  }

  /** `GET /second-factor`: what the account has. */
  async stateOf(userId: string): Promise<Readonly<Record<string, unknown>>> {
    const states = await Promise.all(this.factors.all.map((factor) => factor.stateOf(userId)));
    return Object.assign({}, ...states) as Readonly<Record<string, unknown>>;
  }
}
