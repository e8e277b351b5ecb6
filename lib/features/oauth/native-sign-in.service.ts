import { Injectable } from '@nestjs/common';
import { METHODS } from '../../common/authentication-methods.js';
import { Clock } from '../../common/clock.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { SecondFactors } from '../../second-factors/second-factors.service.js';
import type { AwaitedFactor } from '../../sign-in/sign-in.service.js';
import { AuthorizationCodes } from '../../tokens/authorization-codes.js';
import { TokenScopes } from '../../tokens/token-scopes.js';
import type { Arrival } from './arrival.js';
import type { OAuthFlow } from './oauth-flow.js';
import { OAuthSignIn, type IdentityProof } from './oauth-sign-in.service.js';
import type { Exchanged } from './provider-exchange.service.js';

/** What a native application is sent back with. */
export type NativeOutcome = { readonly code: string } | AwaitedFactor;

/**
 * The same for an application on somebody's own device: it gets a code of one minute, which only the one who holds the PKCE
 * verifier can exchange at `POST /token`. The account, the hook and the epoch are asked there.
 */
@Injectable()
export class NativeSignIn {
  constructor(
    private readonly signIn: OAuthSignIn,
    private readonly codes: AuthorizationCodes,
    private readonly factors: SecondFactors,
    private readonly scopes: TokenScopes,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /** Throws a `ProviderFailure`. */
  signInWith(flow: OAuthFlow, found: Exchanged, arrival: Arrival): Promise<NativeOutcome> {
    return this.signIn.resolving(flow, found, arrival, (proof) => this.handOver(flow, proof, arrival));
  }

  /** Throws `VALIDATION_FAILED` (400). */
  refuseUnknownScopes(scope: string | undefined): void {
    this.scopes.refuseUnknown(scope);
  }

  private async handOver(
    { codeChallenge, scope }: OAuthFlow,
    { userId, epoch: before, redeem }: IdentityProof,
    { devices }: Arrival,
  ): Promise<NativeOutcome> {
    const epoch = (await redeem?.()) ?? before;
    const methods = [METHODS.federation];
    const due = await this.factors.dueOf(userId);
    if (due.length > 0) {
      const knownDevice = devices.deviceFor(userId)?.deviceId;
      const waits = { deliver: 'tokens', rememberMe: false, scope, knownDevice, budget: undefined } as const;
      return { pending: { userId, epoch, methods, ...waits }, methods: due.map(({ kind }) => kind) };
    }
    const authenticatedAt = this.clock.now();
    const freshUntil = authenticatedAt + this.settings.sessions.freshMs;
    const grant = { userId, epoch, methods, authenticatedAt, freshUntil, scope };
    return { code: await this.codes.issue(grant, codeChallenge!) };
  }
}
