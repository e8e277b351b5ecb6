import { Injectable } from '@nestjs/common';
import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
import type { EntityManager } from 'typeorm';
import type { ClientInfo } from '../../common/client-address.js';
import type { Principal } from '../../common/principal.js';
import { isUniqueViolation } from '../../database/driver-errors.js';
import { AuthError } from '../../errors/auth-error.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { FactorChanges, type RenewedSession } from '../../second-factors/factor-changes.service.js';
import { deviceName } from '../../sessions/device-name.js';
import { UserDirectory } from '../../users/user-directory.js';
import { readClientData } from './client-data.js';
import { methodOf } from './passkey-assertions.service.js';
import { PasskeyChallenges } from './passkey-challenges.service.js';
import { Passkey } from './passkey.entity.js';
import type { AttestationInput } from './passkeys.schemas.js';
import { Passkeys } from './passkeys.service.js';
import { WebAuthn } from './webauthn.service.js';

const MAX_NAME = 80;

export interface PasskeyChange {
  readonly who: Principal;
  readonly client: ClientInfo;
  /** Of the notice. */
  readonly locale: string;
}

export interface RegistrationRequest extends PasskeyChange {
  readonly answer: AttestationInput;
  /** Default: browser and system of the request. */
  readonly name: string | undefined;
}

export interface AddedPasskey {
  readonly renewed: RenewedSession;
  readonly passkey: Passkey;
}

/** Adds a passkey to the account of a signed-in user. */
@Injectable()
export class PasskeyRegistration {
  constructor(
    private readonly webAuthn: WebAuthn,
    private readonly challenges: PasskeyChallenges,
    private readonly passkeys: Passkeys,
    private readonly changes: FactorChanges,
    private readonly users: UserDirectory,
    private readonly settings: AuthSettings,
  ) {}

  /**
   * What the browser makes one by. Throws `LIMIT_REACHED` (409), `NOT_AUTHENTICATED` (401) and `SECOND_FACTOR_REQUIRED` (403)
   * for a session that has proven less than the account can.
   */
  async begin(who: Principal): Promise<PublicKeyCredentialCreationOptionsJSON> {
    await this.changes.requireProof(who);
    const user = await this.users.publicUser(who.userId);
    if (user === undefined) throw new AuthError('NOT_AUTHENTICATED');
    const existing = await this.passkeys.of(who.userId);
    if (existing.length >= this.settings.passkeys.cap) throw new AuthError('LIMIT_REACHED');
    const handle = await this.passkeys.handleFor(who.userId);
    const challenge = this.challenges.issue('registration', subjectOf(who));
    return this.webAuthn.creationOptions({ challenge, handle, accountName: user.email, existing });
  }

  /**
   * Throws `CHALLENGE_EXPIRED` (401) for a challenge that is over, used, or of another session; `INVALID_CODE` (400) for what
   * no authenticator has made for it; `ALREADY_EXISTS` and `LIMIT_REACHED` (409); `NOT_AUTHENTICATED` (401) when the session
   * has ended meanwhile.
   */
  async finish({ answer, name, ...request }: RegistrationRequest): Promise<AddedPasskey> {
    const { who, client } = request;
    const data = readClientData(answer.response.clientDataJSON);
    const challenge = data && this.challenges.open(data.challenge, 'registration', subjectOf(who));
    if (challenge === undefined) throw new AuthError('CHALLENGE_EXPIRED');
    const credential = await this.webAuthn.verifyCreation(answer);
    if (credential === undefined) throw new AuthError('INVALID_CODE', { message: 'This passkey cannot be used here.' });
    if (!(await this.challenges.use(challenge))) throw new AuthError('CHALLENGE_EXPIRED');
    const given = name ?? deviceName(client.userAgent).slice(0, MAX_NAME);
    const passkey = this.passkeys.rowOf(who.userId, credential, given);
    return { renewed: await this.add(passkey, request), passkey };
  }

  private async add(passkey: Passkey, request: PasskeyChange): Promise<RenewedSession> {
    let refusal: 'ALREADY_EXISTS' | 'LIMIT_REACHED' | undefined;
    const change = this.changes.apply({
      ...request,
      event: 'passkey.added',
      details: { passkey: passkey.id, deviceType: passkey.deviceType },
      notice: 'passkey-added',
      method: methodOf(passkey),
      work: async (manager) => {
        refusal = await this.refusalOf(manager, passkey);
        if (refusal !== undefined) return false;
        await manager.insert(Passkey, passkey);
        return true;
      },
    });
    const renewed = await change.catch((error: unknown) => {
      // Of two accounts at once with one passkey.
      throw isUniqueViolation(error) ? new AuthError('ALREADY_EXISTS') : error;
    });
    if (renewed === 'lost') throw new AuthError(refusal ?? 'LIMIT_REACHED');
    if (renewed === 'ended') throw new AuthError('NOT_AUTHENTICATED');
    return renewed;
  }

  /** The account's row is locked: nobody adds another one meanwhile. */
  private async refusalOf(
    manager: EntityManager,
    { userId, credentialId }: Passkey,
  ): Promise<'ALREADY_EXISTS' | 'LIMIT_REACHED' | undefined> {
    if ((await this.passkeys.findIn(manager, credentialId)) !== undefined) return 'ALREADY_EXISTS';
    return (await manager.countBy(Passkey, { userId })) >= this.settings.passkeys.cap ? 'LIMIT_REACHED' : undefined;
  }
}

function subjectOf({ userId, sessionId }: Principal): string {
  return `${userId} ${sessionId}`;
}
