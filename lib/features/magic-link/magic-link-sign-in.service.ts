import { Injectable } from '@nestjs/common';
import { METHODS } from '../../common/authentication-methods.js';
import type { ClientInfo } from '../../common/client-address.js';
import { AuthError } from '../../errors/auth-error.js';
import type { EventInput } from '../../events/auth-event.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { ProvenAddresses } from '../../mailed-codes/proven-addresses.service.js';
import { OneTimeTokens, type PresentedToken } from '../../one-time-tokens/one-time-tokens.service.js';
import { SignIn, type SignInOutcome, type SignInProof } from '../../sign-in/sign-in.service.js';
import { TokenScopes } from '../../tokens/token-scopes.js';

export interface LinkSignInRequest extends Omit<SignInProof, 'userId' | 'epoch' | 'method' | 'redeem' | 'knownDevice'> {
  readonly token: string;
  /** What the browser is known to an account by. */
  readonly deviceFor: (userId: string) => string | undefined;
}

/** What a page shows before it signs anybody in. */
export interface LinkPreview {
  readonly email: string;
  readonly sameBrowser: boolean;
}

/**
 * Signing in by a mailed link. It is never refused by a lock, so that nobody who knows an address can keep its owner out.
 * Every refusal is the same `INVALID_TOKEN` (400), a veto excepted.
 */
@Injectable()
export class MagicLinkSignIn {
  constructor(
    private readonly tokens: OneTimeTokens,
    private readonly signIn: SignIn,
    private readonly scopes: TokenScopes,
    private readonly proven: ProvenAddresses,
    private readonly events: EventRecorder,
  ) {}

  /** Uses nothing up, and is no event: nobody is signed in by it. `binding`: the hash of what the browser holds since it asked for a link. */
  async preview(token: string, binding: string | undefined): Promise<LinkPreview> {
    const presented = await this.tokens.look('magic-link', token);
    if (presented === undefined) throw new AuthError('INVALID_TOKEN');
    const { row, account } = presented;
    return { email: account.email, sameBrowser: binding !== undefined && binding === row.binding };
  }

  async signInWith({ token, deviceFor, ...request }: LinkSignInRequest): Promise<SignInOutcome> {
    if (request.deliver === 'tokens') this.scopes.refuseUnknown(request.scope);
    const presented = await this.tokens.look('magic-link', token);
    if (presented === undefined) {
      const owner = await this.tokens.ownerOf('magic-link', token);
      await this.events.write(refusal(request.client, owner));
      throw new AuthError('INVALID_TOKEN');
    }
    const { userId, epoch } = presented.account;
    try {
      return await this.signIn.complete({
        ...request,
        userId,
        epoch,
        method: METHODS.mail,
        knownDevice: deviceFor(userId),
        redeem: () => this.redeem(presented, request.client),
      });
    } catch (error) {
      if (error instanceof AuthError && error.code === 'INVALID_CREDENTIALS') throw new AuthError('INVALID_TOKEN');
      throw error;
    }
  }

  /** After the veto, so that a refused or failed sign-in leaves the link as it was, and before a session begins. */
  private async redeem(presented: PresentedToken, client: ClientInfo): Promise<number> {
    const { account } = presented;
    const epoch = await this.proven.redeem(account, client, {
      claim: (manager) => this.tokens.claim(manager, presented),
      refused: refusal(client, account.userId),
    });
    if (epoch === undefined) throw new AuthError('INVALID_TOKEN');
    return epoch;
  }
}

function refusal(client: ClientInfo, subjectId: string | undefined): EventInput {
  return { type: 'sign_in.failed', outcome: 'failure', subjectId, client, details: { method: METHODS.mail } };
}
