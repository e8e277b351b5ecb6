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
import { constantTimeEqual } from '../common/constant-time.js';
import { AuthSettings } from '../options/auth-settings.js';
import { KEY_PURPOSES, type KeyPurpose } from '../options/key-purposes.js';

const SEAL_VERSION = 'v1';
const KEY_BYTES = 32;
const KID_BYTES = 6;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

interface Key {
  /** 8 base64url characters, the same on every node that has the secret. */
  readonly kid: string;
  readonly key: KeyObject;
}

/** The keys of one purpose. `current` signs and seals; every key of `byKid` verifies and opens. */
interface KeySet {
  readonly current: Key;
  readonly byKid: ReadonlyMap<string, Key>;
}

/**
 * Every key of the application: one for each purpose, derived from the secret by HKDF-SHA-256 (RFC 5869). Keys never leave
 * it, and neither `JSON.stringify` nor `util.inspect` shows any.
 */
@Injectable()
export class Keyring {
  readonly #keys: ReadonlyMap<KeyPurpose, KeySet>;

  constructor(settings: AuthSettings) {
    this.#keys = new Map(
      KEY_PURPOSES.map((purpose) => [purpose, keySet(settings.secrets[purpose] ?? settings.secret, purpose)]),
    );
  }

  /** `kid.MAC`: HMAC-SHA-256 as base64url, 52 characters in all, none of which needs quoting in a cookie. */
  sign(purpose: KeyPurpose, data: string): string {
    return signature(this.#keySet(purpose).current, data);
  }

  /**
   * Whether `sign` made the signature for these data. Constant time; `false` for every other text, also for another
   * base64url spelling of the same MAC.
   */
  verify(purpose: KeyPurpose, signed: string, data: string): boolean {
    if (typeof signed !== 'string' || typeof data !== 'string') return false;
    const key = this.#keySet(purpose).byKid.get(signed.slice(0, signed.indexOf('.')));
    return key !== undefined && constantTimeEqual(signature(key, data), signed);
  }

  /** Keyed hash without a key id, for names that stand in counters. A new secret gives new names. */
  digest(purpose: 'identifier', data: string): string {
    return mac(this.#keySet(purpose).current, data);
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
    const key = this.#keySet('seal').byKid.get(kid);
    const nonce = canonicalBytes(nonceText);
    const body = canonicalBytes(bodyText);
    if (version !== SEAL_VERSION || rest.length > 0 || key === undefined) return undefined;
    if (nonce?.length !== NONCE_BYTES || body === undefined || body.length < TAG_BYTES) return undefined;
    return decrypt(key, nonce, body, associated(kid, aad));
  }

  #keySet(purpose: KeyPurpose): KeySet {
    const set = this.#keys.get(purpose);
    if (set === undefined) throw new TypeError('No such key purpose.');
    return set;
  }
}

function keySet(secret: string, purpose: KeyPurpose): KeySet {
  const kid = derive(secret, `kid/${purpose}`, KID_BYTES).toString('base64url');
  const current: Key = { kid, key: createSecretKey(derive(secret, `gatehouse/${purpose}/v1`, KEY_BYTES)) };
  return { current, byKid: new Map([[kid, current]]) };
}

function derive(secret: string, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'utf8'), Buffer.alloc(0), info, bytes));
}

function signature(key: Key, data: string): string {
  return `${key.kid}.${mac(key, data)}`;
}

function mac({ key }: Key, data: string): string {
  return createHmac('sha256', key).update(data, 'utf8').digest('base64url');
}

function associated(kid: string, aad: string): Buffer {
  return Buffer.from(`${SEAL_VERSION}.${kid}.${aad}`, 'utf8');
}

function canonicalBytes(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

function decrypt({ key }: Key, nonce: Buffer, body: Buffer, aad: Buffer): string | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(body.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(body.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
