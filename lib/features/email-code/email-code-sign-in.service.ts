import { Injectable } from '@nestjs/common';
import type { KnownDevices } from '../../attempts/known-devices.js';
import type { PasswordAttempt } from '../../attempts/password-attempt.js';
import { PasswordAttempts } from '../../attempts/password-attempts.service.js';
import type { ClientInfo } from '../../common/client-address.js';
import { METHODS } from '../../common/authentication-methods.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import type { EventInput } from '../../events/auth-event.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { Keyring } from '../../keys/keyring.js';
import { CodePlaces } from '../../mailed-codes/code-places.service.js';
import { CodeRefusals } from '../../mailed-codes/code-refusals.service.js';
import { CodeUses } from '../../mailed-codes/code-uses.service.js';
import type { CodeChallenge } from '../../mailed-codes/mailed-code.js';
import { MailedCodes } from '../../mailed-codes/mailed-codes.service.js';
import { ProvenAddresses } from '../../mailed-codes/proven-addresses.service.js';
import { PasswordFailures } from '../../sign-in/password-failures.js';
import { SignIn, type SignInOutcome, type SignInProof } from '../../sign-in/sign-in.service.js';
import { TokenScopes } from '../../tokens/token-scopes.js';
import { MailAccounts, type MailAccount } from '../../users/mail-accounts.service.js';

export interface CodeSignInRequest extends Omit<SignInProof, 'userId' | 'epoch' | 'method' | 'redeem' | 'knownDevice'> {
  readonly challenge: string;
  readonly code: string;
  readonly devices: KnownDevices;
  /** Hash of what the browser holds since it asked for a code. */
  readonly binding: string | undefined;
}

/**
 * Signing in by a mailed code. A code can be guessed, so it is counted as a password is, and refused while passwords are.
 * Nobody's account costs the same statements and gets the answers of a wrong code: `INVALID_CODE` (400) five times, then
 * `CHALLENGE_EXPIRED` (401). So does a code that was never mailed.
 */
@Injectable()
export class EmailCodeSignIn {
  constructor(
    private readonly codes: MailedCodes,
    private readonly places: CodePlaces,
    private readonly uses: CodeUses,
    private readonly refusals: CodeRefusals,
    private readonly attempts: PasswordAttempts,
    private readonly accounts: MailAccounts,
    private readonly signIn: SignIn,
    private readonly scopes: TokenScopes,
    private readonly proven: ProvenAddresses,
    private readonly failures: PasswordFailures,
    private readonly events: EventRecorder,
    private readonly keyring: Keyring,
    private readonly database: Database,
  ) {}

  async signInWith(request: CodeSignInRequest): Promise<SignInOutcome> {
    if (request.deliver === 'tokens') this.scopes.refuseUnknown(request.scope);
    const challenge = this.codes.open('sign-in', request.challenge);
    if (challenge === undefined) throw new AuthError('CHALLENGE_EXPIRED');
    try {
      return await this.present(request, challenge);
    } catch (error) {
      if (await this.refusals.isEvent(error, challenge)) await this.noteRefused(request, challenge);
      // The account has changed since the code was compared, and that has been recorded.
      if (error instanceof AuthError && error.code === 'INVALID_CREDENTIALS') throw new AuthError('CHALLENGE_EXPIRED');
      throw error;
    }
  }

  private async present(request: CodeSignInRequest, challenge: CodeChallenge): Promise<SignInOutcome> {
    if (!this.codes.isLive(challenge) || !isBoundTo(challenge, request)) throw new AuthError('CHALLENGE_EXPIRED');
    const tries = await this.uses.begin(challenge);
    try {
      const attempt = await this.attempts.begin(request.client, request.devices);
      try {
        const account = await this.check(request, challenge, attempt);
        if (account === undefined) {
          await tries.settle('wrong');
          throw new AuthError('INVALID_CODE');
        }
        await tries.settle('right');
        return await this.complete(request, challenge, account, attempt.budget);
      } finally {
        await attempt.settle('no-verdict');
      }
    } finally {
      await tries.settle('no-verdict');
    }
  }

  /** The account whose code it is. A wrong one has been counted and recorded. */
  private async check(
    request: CodeSignInRequest,
    challenge: CodeChallenge,
    attempt: PasswordAttempt,
  ): Promise<MailAccount | undefined> {
    const { code, devices } = request;
    const identifier = challenge.facts['address'] ?? '';
    const found = await this.accounts.findByAddress(identifier);
    const account = found?.disabled === true ? undefined : found;
    await attempt.beginAccount({ account: found, identifier });
    const salt = await this.places.saltOf('sign-in', account?.userId, challenge);
    if (this.codes.matches('sign-in', challenge, account, salt, code)) {
      await attempt.settle('right');
      return account;
    }
    await this.uses.refuseUsed(challenge);
    const { lockedForMs } = await attempt.settle('wrong');
    const byBrowser = attempt.device !== undefined;
    const counted = { method: METHODS.mail, byBrowser, lockedForMs, unverified: false };
    const failed = { ...request, ...counted, devices, identifier, userId: found?.userId };
    await this.database.write((manager) => this.failures.record(manager, failed, false));
    return undefined;
  }

  private complete(
    { devices, ...request }: CodeSignInRequest,
    challenge: CodeChallenge,
    account: MailAccount,
    budget: string | undefined,
  ): Promise<SignInOutcome> {
    const { userId, epoch } = account;
    return this.signIn.complete({
      ...request,
      userId,
      epoch,
      method: METHODS.mail,
      budget,
      knownDevice: devices.deviceFor(userId)?.deviceId,
      redeem: () => this.redeem(request, challenge, account),
    });
  }

  /** After the veto, so that a refused sign-in leaves the code as it was, and before a session begins. */
  private async redeem(
    { client }: Pick<CodeSignInRequest, 'client'>,
    challenge: CodeChallenge,
    account: MailAccount,
  ): Promise<number> {
    await this.uses.use(challenge, { purpose: 'sign-in', userId: account.userId });
    const epoch = await this.proven.redeem(account, client, {
      claim: () => Promise.resolve(true),
      refused: refusal(client, account.userId, { reason: 'account' }),
    });
    if (epoch === undefined) throw new AuthError('INVALID_CREDENTIALS');
    return epoch;
  }

  /** A challenge that is over, or was begun elsewhere: by the same statements for every address. */
  private async noteRefused({ client }: CodeSignInRequest, { facts }: CodeChallenge): Promise<void> {
    const address = facts['address'] ?? '';
    const identifier = this.keyring.identifierDigest(address);
    const userId = (await this.accounts.findByAddress(address))?.userId;
    const whom = userId === undefined ? { identifier } : {};
    await this.events.write({ ...refusal(client, userId, { reason: 'challenge' }), ...whom });
  }
}

function refusal(client: ClientInfo, subjectId: string | undefined, details: EventInput['details']): EventInput {
  return {
    type: 'sign_in.failed',
    outcome: 'failure',
    subjectId,
    client,
    details: { method: METHODS.mail, ...details },
  };
}

/** A challenge ends in the delivery that began it, and in a browser only where it was begun. */
function isBoundTo({ facts }: CodeChallenge, { deliver, binding }: CodeSignInRequest): boolean {
  if (facts['deliver'] !== deliver) return false;
  return deliver === 'tokens' || (binding !== undefined && facts['binding'] === binding);
}
