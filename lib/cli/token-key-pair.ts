import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { thumbprintOf } from '../options/key-pem.js';

export const KEY_ALGORITHMS = ['ES256', 'RS256', 'EdDSA'] as const;

export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

/** Beyond the 112 bits of security that 2048 bits give (NIST SP 800-57 part 1, table 2). */
const RSA_BITS = 3_072;

/** A key pair as the options take it. */
export interface TokenKeys {
  /** PEM, PKCS #8. */
  readonly privateKey: string;
  /** PEM, SPKI. */
  readonly publicKey: string;
  /** Thumbprint (RFC 7638): what the options take when they are given none. */
  readonly kid: string;
}

export function newTokenKeys(algorithm: KeyAlgorithm): TokenKeys {
  const { privateKey, publicKey } = generate(algorithm);
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    kid: thumbprintOf(publicKey, algorithm),
  };
}

function generate(algorithm: KeyAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return algorithm === 'RS256'
    ? generateKeyPairSync('rsa', { modulusLength: RSA_BITS })
    : generateKeyPairSync('ed25519');
}
