import { Injectable } from '@nestjs/common';
import type { WithHeaders } from '../cookies/cookie-jar.js';
import type { PublicUser } from '../users/user-directory.js';
import type { Delivery } from './delivery.js';
import { SessionDelivery, type SignedIn } from './session-delivery.js';
import type { CompletedSignIn } from './sign-in.service.js';
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

/** Answers a completed sign-in, or a renewed session, in the delivery that was asked for. */
@Injectable()
export class SignInDelivery {
  constructor(
    private readonly cookies: SessionDelivery,
    private readonly tokens: TokenDelivery,
  ) {}

  async answer(
    deliver: Delivery,
    { request, response, deviceToken }: DeliveryTarget,
    completed: CompletedSignIn,
  ): Promise<SignedIn | SignedInWithTokens> {
    if (deliver === 'cookie') return this.cookies.deliver(request, response, completed);
    const tokens = await this.tokens.deliver(request, response, completed, deviceToken);
    return { status: 'signed_in', user: completed.user, ...tokens };
  }
}
