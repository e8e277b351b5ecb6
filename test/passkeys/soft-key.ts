import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

const FLAGS = { present: 0x01, verified: 0x04, backupEligible: 0x08, backedUp: 0x10, attested: 0x40 } as const;

/** CBOR of an attestation object up to its data: one without a statement, and one with a signature that is none. */
const NONE = 'a363666d74646e6f6e656761747453746d74a068617574684461746159';
const PACKED = 'a363666d74667061636b65646761747453746d74a16373696743010203' + '68617574684461746159';

/** What an authenticator or its browser may get wrong, or say on purpose. */
export interface Says {
  readonly origin?: string;
  readonly crossOrigin?: boolean;
  /** Whether it has verified its owner. Default `true`. */
  readonly verified?: boolean;
  readonly rpId?: string;
  /** Default: one more than the last time. */
  readonly counter?: number;
  readonly userHandle?: string | null;
  readonly type?: string;
  /** A statement about the authenticator, of a kind that would have to be verified. Default `false`. */
  readonly attested?: boolean;
}

interface Ceremony {
  readonly challenge: string;
  readonly rp?: { readonly id?: string };
  readonly rpId?: string;
  readonly user?: { readonly id: string };
}

const base64url = (data: Uint8Array | string): string => Buffer.from(data as string).toString('base64url');
const sha256 = (data: Uint8Array | string): Buffer => createHash('sha256').update(data).digest();

/** An authenticator and its browser in a few lines, for what no honest ones do, and for many at once. */
export class SoftKey {
  readonly credentialId: Buffer;
  counter: number;
  handle = '';
  private readonly privateKey: KeyObject;
  private readonly cose: Buffer;

  constructor(
    private readonly origin: string,
    { counter = 1, idBytes = 32 }: { readonly counter?: number; readonly idBytes?: number } = {},
  ) {
    this.credentialId = randomBytes(idBytes);
    this.counter = counter;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.privateKey = privateKey;
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    // COSE EC2 key of ES256 (RFC 9053 §7.1.1).
    this.cose = Buffer.concat([
      Buffer.from('a5010203262001215820', 'hex'),
      Buffer.from(x, 'base64url'),
      Buffer.from('225820', 'hex'),
      Buffer.from(y, 'base64url'),
    ]);
  }

  get id(): string {
    return base64url(this.credentialId);
  }

  create(options: Ceremony, says: Says = {}): any {
    this.handle = options.user?.id ?? '';
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.credentialId.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.credentialId, this.cose]);
    const authData = Buffer.concat([this.authData(options.rp?.id ?? '', says, FLAGS.attested), attested]);
    const size = Buffer.alloc(2);
    size.writeUInt16BE(authData.length);
    const attestationObject = Buffer.concat([
      Buffer.from(says.attested === true ? PACKED : NONE, 'hex'),
      size,
      authData,
    ]);
    return this.answer({
      clientDataJSON: this.clientData('webauthn.create', options, says),
      attestationObject: base64url(attestationObject),
      transports: ['internal'],
    });
  }

  get(options: Ceremony, says: Says = {}): any {
    this.counter = says.counter ?? (this.counter === 0 ? 0 : this.counter + 1);
    const authenticatorData = this.authData(options.rpId ?? '', says, 0);
    const clientDataJSON = this.clientData('webauthn.get', options, says);
    const data = Buffer.concat([authenticatorData, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
    return this.answer({
      clientDataJSON,
      authenticatorData: base64url(authenticatorData),
      signature: base64url(sign('sha256', data, this.privateKey)),
      userHandle: says.userHandle === undefined ? this.handle : says.userHandle,
    });
  }

  private authData(
    rpId: string,
    { rpId: said = rpId, verified = true, counter = this.counter }: Says,
    more: number,
  ): Buffer {
    const rest = Buffer.alloc(5);
    const backup = FLAGS.backupEligible | FLAGS.backedUp;
    rest.writeUInt8(FLAGS.present | (verified ? FLAGS.verified : 0) | backup | more, 0);
    rest.writeUInt32BE(counter, 1);
    return Buffer.concat([sha256(said), rest]);
  }

  private clientData(type: string, { challenge }: Ceremony, says: Says): string {
    const { origin = this.origin, crossOrigin = false } = says;
    return base64url(JSON.stringify({ type: says.type ?? type, challenge, origin, crossOrigin }));
  }

  private answer(response: object): object {
    return { id: this.id, rawId: this.id, type: 'public-key', clientExtensionResults: {}, response };
  }
}
