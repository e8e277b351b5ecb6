import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { SigningAlgorithm } from './auth-settings.js';

const LEAST_RSA_BITS = 2_048;

const SUPPORTED = `RSA of at least ${LEAST_RSA_BITS} bits, P-256 or Ed25519`;

const PRIVATE = 'PRIVATE KEY';
const PEM_LABEL = /-----BEGIN ([A-Z0-9 ]+)-----/g;

/** Members of a JWK that its thumbprint is made of, in the order of RFC 7638 §3.2. */
const THUMBPRINT_MEMBERS: Readonly<Record<SigningAlgorithm, readonly string[]>> = {
  RS256: ['e', 'kty', 'n'],
  ES256: ['crv', 'kty', 'x', 'y'],
  EdDSA: ['crv', 'kty', 'x'],
};

/** What is wrong with the text of a private key. Says nothing of what it holds. */
export function privateKeyProblem(value: unknown): string | undefined {
  return keyProblem(value, PRIVATE, privateKeyOf, 'must be a private key as PEM (PKCS #8: BEGIN PRIVATE KEY).');
}

/** What is wrong with the text of a public key. A private one is refused: it has no business where keys only verify. */
export function publicKeyProblem(value: unknown): string | undefined {
  return keyProblem(value, 'PUBLIC KEY', publicKeyOf, 'must be a public key as PEM (SPKI: BEGIN PUBLIC KEY).');
}

/** The key of a PEM text, whose line ends may be written as `\n`: environment files often have them so. */
export function privateKeyOf(pem: string): KeyObject {
  return createPrivateKey(unfolded(pem));
}

export function publicKeyOf(pem: string): KeyObject {
  return createPublicKey(unfolded(pem));
}

/** The one algorithm that goes with a key; `undefined` for keys that are not supported. */
export function algorithmOf(key: KeyObject): SigningAlgorithm | undefined {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= LEAST_RSA_BITS) return 'RS256';
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256';
  return key.asymmetricKeyType === 'ed25519' ? 'EdDSA' : undefined;
}

/** JWK thumbprint (RFC 7638) of a public key: the same on every node, with nothing to configure. */
export function thumbprintOf(publicKey: KeyObject, algorithm: SigningAlgorithm): string {
  const jwk = publicKey.export({ format: 'jwk' });
  const members = THUMBPRINT_MEMBERS[algorithm].map((name) => [name, jwk[name]]);
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(members)))
    .digest('base64url');
}

function keyProblem(
  value: unknown,
  label: string,
  read: (pem: string) => KeyObject,
  complaint: string,
): string | undefined {
  const labels = typeof value === 'string' ? [...value.matchAll(PEM_LABEL)].map(([, found]) => found) : [];
  if (labels.includes('ENCRYPTED PRIVATE KEY')) return 'is encrypted: nobody could type its passphrase at a start.';
  if (label === 'PUBLIC KEY' && labels.some((found) => found?.endsWith(PRIVATE)))
    return 'must be the public key alone.';
  if (typeof value !== 'string' || labels.length !== 1 || labels[0] !== label) return complaint;
  try {
    return algorithmOf(read(value)) === undefined ? `must be ${SUPPORTED}.` : undefined;
  } catch {
    return complaint;
  }
}

function unfolded(pem: string): string {
  return pem.replaceAll('\\n', '\n');
}
