import { Injectable } from '@nestjs/common';
import type { Principal } from '../common/principal.js';
import { BrowserBinding } from '../cookies/browser-binding.js';
import type { WithHeaders } from '../cookies/cookie-jar.js';
import { PENDING_LIFE_MS } from '../second-factors/pending-sign-in.js';
import { PendingSignIns } from '../second-factors/pending-sign-ins.service.js';
import type { PublicUser } from '../users/user-directory.js';
import type { Delivery } from './delivery.js';
import { SessionDelivery, type SignedIn } from './session-delivery.js';
import type { AwaitedFactor, CompletedSignIn, SignInOutcome } from './sign-in.service.js';
import { TokenDelivery, type IssuedTokens } from './token-delivery.js';

/** The answer of every completed sign-in in token delivery, `POST /token` excepted. */
export interface SignedInWithTokens extends IssuedTokens {
  readonly status: 'signed_in';
  readonly user: PublicUser;
}

export interface DeliveryTarget {
  readonly request: WithHeaders;
  readonly response: unknown;
  /** What a client without cookies keeps instead of the device cookie. */
  readonly deviceToken?: string | undefined;
}

/** The answer of a sign-in that waits for its second factor: neither cookie nor token beside it. */
export interface SecondFactorDue {
  readonly status: 'second_factor';
  /** For `POST /second-factor`. In cookie delivery it is worth nothing outside the browser that began. */
  readonly challenge: string;
  /** The fields of `POST /second-factor`, any one of which finishes it. */
  readonly methods: readonly string[];
  /** ISO 8601. */
  readonly expiresAt: string;
}

export type SignInAnswer = SignedIn | SignedInWithTokens | SecondFactorDue;

/** Answers a completed sign-in, or a renewed session, in the delivery that was asked for. */
@Injectable()
export class SignInDelivery {
  constructor(
    private readonly cookies: SessionDelivery,
    private readonly tokens: TokenDelivery,
    private readonly waiting: PendingSignIns,
    private readonly binding: BrowserBinding,
  ) {}

  answer(deliver: Delivery, target: DeliveryTarget, completed: CompletedSignIn): Promise<SignedIn | SignedInWithTokens>;
  answer(deliver: Delivery, target: DeliveryTarget, outcome: SignInOutcome): Promise<SignInAnswer>;
  async answer(deliver: Delivery, target: DeliveryTarget, completed: SignInOutcome): Promise<SignInAnswer> {
    if ('pending' in completed) return this.ask(target, completed);
    const { request, response, deviceToken } = target;
    if (deliver === 'cookie') return this.cookies.deliver(request, response, completed);
    const tokens = await this.tokens.deliver(request, response, completed, deviceToken);
    return { status: 'signed_in', user: completed.user, ...tokens };
  }

  /** A session that takes the place of the one by which the request came: in the delivery of that one. */
  replace(
    { via }: Principal,
    target: DeliveryTarget,
    completed: CompletedSignIn,
  ): Promise<SignedIn | SignedInWithTokens> {
    return this.answer(via === 'session' ? 'cookie' : 'tokens', target, completed);
  }

  /**
   * Begins the wait for the second factor. In cookie delivery the browser gets what binds the challenge to it; the session
   * cookie comes with the last factor.
   */
  async ask({ request, response }: DeliveryTarget, { pending, methods }: AwaitedFactor): Promise<SecondFactorDue> {
    const inBrowser = pending.deliver === 'cookie';
    const binding = inBrowser ? this.binding.begin(request, response, 'challenge', PENDING_LIFE_MS) : undefined;
    const { challenge, expiresAt } = await this.waiting.begin(pending, binding);
    return { status: 'second_factor', challenge, methods, expiresAt: new Date(expiresAt).toISOString() };
  }
}
