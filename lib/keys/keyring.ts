import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { constantTimeEqual } from '../common/constant-time.js';
import { canonicalIdentifier } from '../common/email-address.js';
import { AuthSettings, type AcceptedSecretSettings } from '../options/auth-settings.js';
import { KEY_PURPOSES, type KeyPurpose } from '../options/key-purposes.js';

const SEAL_VERSION = 'v1';
const KEY_BYTES = 32;
const KID_BYTES = 6;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** One derived key. */
export interface DerivedKey {
  /** 8 base64url characters, the same on every node that has the secret. */
  readonly kid: string;
  readonly key: KeyObject;
  /** Epoch ms after which nothing it signed verifies; `undefined`: no such moment. */
  readonly notAfter: number | undefined;
}

/** The keys of one purpose. `current` signs and seals, those of `verifying` verify, those of `opening` open. */
interface KeySet {
  readonly current: DerivedKey;
  readonly verifying: ReadonlyMap<string, DerivedKey>;
  readonly opening: ReadonlyMap<string, DerivedKey>;
}

/**
 * Every key of the application: one for each purpose, derived from the secret by HKDF-SHA-256 (RFC 5869). Keys do not leave
 * it, those of access tokens excepted, and neither `JSON.stringify` nor `util.inspect` shows any.
 */
@Injectable()
export class Keyring {
  readonly #keys: ReadonlyMap<KeyPurpose, KeySet>;
  readonly #clock: Clock;

  constructor(settings: AuthSettings, clock: Clock) {
    this.#clock = clock;
    this.#keys = new Map(KEY_PURPOSES.map((purpose) => [purpose, keySet(settings, purpose)]));
  }

  /** `kid.MAC`: HMAC-SHA-256 as base64url, 52 characters in all, none of which needs quoting in a cookie. */
  sign(purpose: KeyPurpose, data: string): string {
    return signature(this.#keySet(purpose).current, data);
  }

  /**
   * Whether `sign` made the signature for these data, here or under an accepted secret. Constant time; `false` for every
   * other text, also for another base64url spelling of the same MAC.
   */
  verify(purpose: KeyPurpose, signed: string, data: string): boolean {
    if (typeof signed !== 'string' || typeof data !== 'string') return false;
    const key = this.#keySet(purpose).verifying.get(signed.slice(0, signed.indexOf('.')));
    return key !== undefined && this.#isInTime(key) && constantTimeEqual(signature(key, data), signed);
  }

  /** As `sign`, under the key of this id while it verifies; `undefined` under any other. */
  signAs(purpose: KeyPurpose, kid: string, data: string): string | undefined {
    const key = this.#keySet(purpose).verifying.get(kid);
    return key !== undefined && this.#isInTime(key) ? signature(key, data) : undefined;
  }

  /** Whether a signature, good or not, says that it is of the key which signs now. Computes nothing. */
  namesCurrent(purpose: KeyPurpose, signed: string): boolean {
    return signed.startsWith(`${this.#keySet(purpose).current.kid}.`);
  }

  /** Whether signatures of the key that this one names verify at this moment. Computes nothing: it may be forged. */
  namesVerifying(purpose: KeyPurpose, signed: string): boolean {
    const key = this.#keySet(purpose).verifying.get(signed.slice(0, signed.indexOf('.')));
    return key !== undefined && this.#isInTime(key);
  }

  /** Whether a signature is good and of a key that signs no more, or not yet: it is better made anew. */
  isOutdated(purpose: KeyPurpose, signed: string, data: string): boolean {
    return !this.namesCurrent(purpose, signed) && this.verify(purpose, signed, data);
  }

  /** The HMAC keys of access tokens, the one that signs first, for the libraries that sign and verify them. */
  accessTokenKeys(): readonly DerivedKey[] {
    return [...this.#keySet('access-token').verifying.values()];
  }

  /** The ids of all keys that open sealed text, the one that seals first. */
  sealKids(): readonly string[] {
    return [...this.#keySet('seal').opening.keys()];
  }

  /** Keyed hash without a key id, for names that stand in counters. A new secret gives new names. */
  digest(purpose: 'identifier', data: string): string {
    return mac(this.#keySet(purpose).current, data);
  }

  /** Names what somebody typed as an identifier in rows and logs that hold no address. */
  identifierDigest(typed: string): string {
    return this.digest('identifier', canonicalIdentifier(typed));
  }

  /** `digest` under every key that is configured, accepted ones included, the current first: to find what they named. */
  digests(purpose: 'identifier', data: string): readonly string[] {
    return [...this.#keySet(purpose).opening.values()].map((key) => mac(key, data));
  }

  /**
   * Encrypts with AES-256-GCM under a random 96-bit nonce (NIST SP 800-38D §8.2.2).
   *
   * @param aad where the sealed text will stand, such as table, column and row id: it opens nowhere else.
   * @returns `v1.kid.nonce.ciphertext`, base64url.
   */
  seal(plaintext: string, aad: string): string {
    const { kid, key } = this.#keySet('seal').current;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(associated(kid, aad));
    const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return [SEAL_VERSION, kid, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
  }

  /** The plaintext, or `undefined` when the text was not sealed by us, for this place, under a key that is configured. */
  open(sealed: string, aad: string): string | undefined {
    if (typeof sealed !== 'string') return undefined;
    const [version, kid = '', nonceText = '', bodyText = '', ...rest] = sealed.split('.', 5);
    const key = this.#keySet('seal').opening.get(kid);
    const nonce = canonicalBytes(nonceText);
    const body = canonicalBytes(bodyText);
    if (version !== SEAL_VERSION || rest.length > 0 || key === undefined) return undefined;
    if (nonce?.length !== NONCE_BYTES || body === undefined || body.length < TAG_BYTES) return undefined;
    return decrypt(key, nonce, body, associated(kid, aad));
  }

  #isInTime({ notAfter }: DerivedKey): boolean {
    return notAfter === undefined || this.#clock.now() < notAfter;
  }

  #keySet(purpose: KeyPurpose): KeySet {
    const set = this.#keys.get(purpose);
    if (set === undefined) throw new TypeError('No such key purpose.');
    return set;
  }
}

function keySet({ secret, secrets, acceptedSecrets }: AuthSettings, purpose: KeyPurpose): KeySet {
  const current = derivedKey(secrets[purpose] ?? secret, purpose);
  const main = derivedKey(secret, purpose);
  const accepted = (use: (entry: AcceptedSecretSettings) => boolean): DerivedKey[] =>
    acceptedSecrets.filter(use).map((entry) => derivedKey(entry.secret, purpose, entry.notAfter));
  return {
    current,
    verifying: byKid([current, ...accepted(({ use }) => use === 'all')]),
    // What was sealed before the purpose had a secret of its own opens as long as the main one is configured.
    opening: byKid([current, main, ...accepted(() => true)]),
  };
}

function derivedKey(secret: string, purpose: KeyPurpose, notAfter?: number): DerivedKey {
  return {
    kid: derive(secret, `kid/${purpose}`, KID_BYTES).toString('base64url'),
    key: createSecretKey(derive(secret, `gatehouse/${purpose}/v1`, KEY_BYTES)),
    notAfter,
  };
}

/** Of two entries with one key the first counts: what signs now is not ended by an entry that accepts it. */
function byKid(keys: readonly DerivedKey[]): ReadonlyMap<string, DerivedKey> {
  const map = new Map<string, DerivedKey>();
  for (const key of keys) if (!map.has(key.kid)) map.set(key.kid, key);
  return map;
}

function derive(secret: string, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'utf8'), Buffer.alloc(0), info, bytes));
}

function signature(key: DerivedKey, data: string): string {
  return `${key.kid}.${mac(key, data)}`;
}

function mac({ key }: Pick<DerivedKey, 'key'>, data: string): string {
  return createHmac('sha256', key).update(data, 'utf8').digest('base64url');
}

function associated(kid: string, aad: string): Buffer {
  return Buffer.from(`${SEAL_VERSION}.${kid}.${aad}`, 'utf8');
}

function canonicalBytes(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

function decrypt({ key }: DerivedKey, nonce: Buffer, body: Buffer, aad: Buffer): string | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(body.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(body.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
