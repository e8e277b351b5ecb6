import { Injectable } from '@nestjs/common';
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import { CsrfProtection } from '../../access/csrf-protection.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { readClientData } from './client-data.js';
import { CHALLENGE_LIFE_MS } from './passkey-challenges.service.js';
import type { Passkey } from './passkey.entity.js';
import type { AssertionInput, AttestationInput } from './passkeys.schemas.js';
import { webAuthnPackage } from './webauthn-package.js';

/** EdDSA, ES256 and RS256, by their COSE numbers: between them every authenticator has one. */
const ALGORITHMS = [-8, -7, -257];
/** WebAuthn Level 3 §4, Credential ID. */
const MAX_CREDENTIAL_ID_BYTES = 1_023;

/** What an authenticator has made, verified. */
export type NewCredential = Pick<
  Passkey,
  'credentialId' | 'publicKey' | 'counter' | 'transports' | 'deviceType' | 'backedUp' | 'aaguid'
>;

/** A signature that has been verified. */
export interface VerifiedAssertion {
  readonly counter: number;
  readonly backedUp: boolean;
}

export interface CreationRequest {
  readonly challenge: string;
  /** Handle of the account. */
  readonly handle: string;
  /** Shown in the browser's list of passkeys. */
  readonly accountName: string;
  readonly existing: readonly Passkey[];
}

/** The ceremonies of WebAuthn Level 3: what browsers are asked, and whether what they answer is right. */
@Injectable()
export class WebAuthn {
  constructor(
    private readonly settings: AuthSettings,
    private readonly csrf: CsrfProtection,
  ) {}

  /** A passkey that can be found without a name, and that has verified its owner: it signs in alone. */
  async creationOptions(request: CreationRequest): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const { server } = await webAuthnPackage();
    return server.generateRegistrationOptions({
      rpName: this.settings.appName,
      rpID: this.settings.passkeys.rpId,
      userID: new Uint8Array(Buffer.from(request.handle, 'base64url')),
      userName: request.accountName,
      userDisplayName: request.accountName,
      challenge: request.challenge,
      timeout: CHALLENGE_LIFE_MS,
      attestationType: 'none',
      excludeCredentials: request.existing.map(descriptor),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      supportedAlgorithmIDs: ALGORITHMS,
    });
  }

  /** `allowed` is empty where nobody has said who he is: the browser then shows the passkeys that it knows. */
  async requestOptions(
    challenge: string,
    userVerification: 'required' | 'preferred',
    allowed: readonly Passkey[] = [],
  ): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const { server } = await webAuthnPackage();
    const allowCredentials = allowed.length === 0 ? {} : { allowCredentials: allowed.map(descriptor) };
    const { rpId: rpID } = this.settings.passkeys;
    return server.generateAuthenticationOptions({
      rpID,
      challenge,
      timeout: CHALLENGE_LIFE_MS,
      userVerification,
      ...allowCredentials,
    });
  }

  /** `undefined` for whatever is not a new passkey made on a page of ours, with its owner verified. */
  async verifyCreation(answer: AttestationInput): Promise<NewCredential | undefined> {
    const asked = this.askedFrom(answer.response.clientDataJSON);
    if (asked === undefined) return undefined;
    const { server, helpers } = await webAuthnPackage();
    try {
      const attestationObject = withoutStatement(answer.response.attestationObject, helpers);
      const { registrationInfo: info } = await server.verifyRegistrationResponse({
        response: {
          ...answer,
          response: { clientDataJSON: answer.response.clientDataJSON, attestationObject },
          clientExtensionResults: {},
        },
        ...asked,
        requireUserVerification: true,
        supportedAlgorithmIDs: ALGORITHMS,
      });
      if (info === undefined) return undefined;
      const { id: credentialId, publicKey, counter } = info.credential;
      if (Buffer.from(credentialId, 'base64url').length > MAX_CREDENTIAL_ID_BYTES) return undefined;
      return {
        credentialId,
        publicKey: Buffer.from(publicKey).toString('base64'),
        counter,
        transports: answer.response.transports,
        deviceType: info.credentialDeviceType,
        backedUp: info.credentialBackedUp,
        aaguid: info.aaguid,
      };
    } catch {
      return undefined;
    }
  }

  /** `undefined` for whatever the passkey has not signed on a page of ours. The counter is for the caller to judge. */
  async verifyAssertion(
    answer: AssertionInput,
    passkey: Passkey,
    requireUserVerification: boolean,
  ): Promise<VerifiedAssertion | undefined> {
    const asked = this.askedFrom(answer.response.clientDataJSON);
    if (asked === undefined) return undefined;
    const { server } = await webAuthnPackage();
    const { clientDataJSON, authenticatorData, signature } = answer.response;
    try {
      const { verified, authenticationInfo: info } = await server.verifyAuthenticationResponse({
        response: { ...answer, response: { clientDataJSON, authenticatorData, signature }, clientExtensionResults: {} },
        ...asked,
        credential: {
          id: passkey.credentialId,
          publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64')),
          counter: 0,
        },
        requireUserVerification,
      });
      return verified ? { counter: info.newCounter, backedUp: info.credentialBackedUp } : undefined;
    } catch {
      return undefined;
    }
  }

  /** The challenge has been judged by then. A page in a frame of another site is none of ours. */
  private askedFrom(clientDataJSON: string) {
    const data = readClientData(clientDataJSON);
    if (data === undefined || data.crossOrigin || !this.isOwn(data.origin)) return undefined;
    return {
      expectedChallenge: data.challenge,
      expectedOrigin: data.origin,
      expectedRPID: this.settings.passkeys.rpId,
    };
  }

  private isOwn(origin: string): boolean {
    return origin === this.settings.appUrl.origin || this.csrf.isOwnOrigin({ headers: { origin } });
  }
}

function descriptor({ credentialId, transports }: Passkey): { readonly id: string; readonly transports: string[] } {
  return { id: credentialId, transports: [...transports] };
}

/**
 * The same without the attestation statement, which nobody asked for. Chains of certificates in one would be verified, and
 * the addresses that they name be called, on the word of whoever sent them.
 */
function withoutStatement(
  encoded: string,
  { decodeAttestationObject, isoBase64URL, isoCBOR }: typeof import('@simplewebauthn/server/helpers'),
): string {
  const authData = decodeAttestationObject(isoBase64URL.toBuffer(encoded)).get('authData');
  const bare = new Map<string, Parameters<typeof isoCBOR.encode>[0]>();
  bare.set('fmt', 'none').set('attStmt', new Map()).set('authData', authData);
  return isoBase64URL.fromBuffer(isoCBOR.encode(bare));
}
