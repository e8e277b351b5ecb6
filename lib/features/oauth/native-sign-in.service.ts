import { Injectable } from '@nestjs/common';
import { METHODS } from '../../common/authentication-methods.js';
import { Clock } from '../../common/clock.js';
import { SecondFactors } from '../../second-factors/second-factors.service.js';
import { SignIn } from '../../sign-in/sign-in.service.js';
import { AuthorizationCodes } from '../../tokens/authorization-codes.js';
import { TokenScopes } from '../../tokens/token-scopes.js';
import type { Arrival } from './arrival.js';
import type { OAuthFlow } from './oauth-flow.js';
import { OAuthSignIn, type ReadyProof } from './oauth-sign-in.service.js';
import type { Exchanged } from './exchanged.js';

/**
 * The same for an application on somebody's own device: it gets a code of one minute, which only the one who holds the PKCE
 * verifier can exchange at `POST /token`. The account and the hook are asked before anything changes, and there once more
 * with the epoch; a second factor is asked for there alone, so that nothing in the address signs anybody in.
 */
@Injectable()
export class NativeSignIn {
  constructor(
    private readonly identities: OAuthSignIn,
    private readonly signIn: SignIn,
    private readonly codes: AuthorizationCodes,
    private readonly factors: SecondFactors,
    private readonly scopes: TokenScopes,
    private readonly clock: Clock,
  ) {}

  /** The code. Throws a `ProviderFailure`. */
  async signInWith(flow: OAuthFlow, found: Exchanged, arrival: Arrival): Promise<string> {
    const { userId, code } = await this.identities.resolving(flow, found, arrival, (proof) =>
      this.handOver(flow, proof, arrival),
    );
    // With a second factor the sign-in is far from complete.
    if ((await this.factors.dueOf(userId)).length === 0) await this.identities.noteUse(flow, found);
    return code;
  }

  /** Throws `VALIDATION_FAILED` (400). */
  refuseUnknownScopes(scope: string | undefined): void {
    this.scopes.refuseUnknown(scope);
  }

  private async handOver(
    { codeChallenge, scope }: OAuthFlow,
    { userId, epoch: before, redeem, freshUntil }: ReadyProof,
    { client, devices }: Arrival,
  ): Promise<{ readonly userId: string; readonly code: string }> {
    await this.signIn.admit({ userId, method: METHODS.federation, client, redeem });
    const epoch = (await redeem?.()) ?? before;
    const proven = { methods: [METHODS.federation], authenticatedAt: this.clock.now(), freshUntil };
    const knownDevice = devices.deviceFor(userId)?.deviceId;
    return { userId, code: await this.codes.issue({ userId, epoch, scope, knownDevice, ...proven }, codeChallenge!) };
  }
}
