import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';

export type PairKind = 'ec' | 'ed25519' | 'rsa';

/** A key pair for access tokens, as its owner would keep it. */
export interface Pair {
  readonly privateKey: string;
  readonly publicKey: string;
}

export const newSecret = (): string => randomBytes(48).toString('base64url');

export function newPair(kind: PairKind): Pair {
  return pemsOf(generate(kind));
}

export function pemsOf({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }): Pair {
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

function generate(kind: PairKind): { privateKey: KeyObject; publicKey: KeyObject } {
  if (kind === 'ec') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2_048 }) : generateKeyPairSync('ed25519');
}
