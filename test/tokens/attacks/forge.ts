import { constants, createHmac, createPrivateKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { JsonObject, TokenAlgorithm } from '../../../lib/tokens/jws.js';

export type Sign = (input: string) => Buffer;

export const ALGORITHMS: readonly TokenAlgorithm[] = ['HS256', 'RS256', 'ES256', 'EdDSA'];

/** A token in its parts, before it is signed. What is no text or buffer is written as JSON. */
export interface Draft {
  readonly header: unknown;
  readonly payload: unknown;
  readonly sign: Sign;
}

export function forge({ header, payload, sign }: Draft): string {
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${sign(input).toString('base64url')}`;
}

export function part(value: unknown): string {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return bytes.toString('base64url');
}

export function hs256(key: KeyObject | string | Buffer): Sign {
  return (input) => createHmac('sha256', key).update(input).digest();
}

export function rs256(key: KeyObject): Sign {
  return (input) => sign('sha256', Buffer.from(input), key);
}

export function ps256(key: KeyObject): Sign {
  return (input) =>
    sign('sha256', Buffer.from(input), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
}

export function es256(key: KeyObject, dsaEncoding: 'ieee-p1363' | 'der' = 'ieee-p1363'): Sign {
  return (input) => sign('sha256', Buffer.from(input), { key, dsaEncoding });
}

export function edDsa(key: KeyObject): Sign {
  return (input) => sign(null, Buffer.from(input), key);
}

/** The way in which a key of this algorithm signs. */
export function signerOf(algorithm: TokenAlgorithm, key: KeyObject): Sign {
  return { HS256: hs256, RS256: rs256, ES256: es256, EdDSA: edDsa }[algorithm](key);
}

export function newPrivateKey(algorithm: Exclude<TokenAlgorithm, 'HS256'>): string {
  const pair = {
    RS256: () => generateKeyPairSync('rsa', { modulusLength: 2_048 }),
    ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: () => generateKeyPairSync('ed25519'),
  }[algorithm]();
  return pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

const strangers = new Map<string, KeyObject>();

/** A key of somebody else's, of the same kind: one for all attacks, as some take a second to find. */
export function strangerKey(algorithm: TokenAlgorithm): KeyObject {
  const kind = algorithm === 'HS256' ? 'RS256' : algorithm;
  const key = strangers.get(kind) ?? createPrivateKey(newPrivateKey(kind));
  strangers.set(kind, key);
  return key;
}

/** The parts of a token that is one of ours, read without a look at its signature. */
export function contentOf(token: string): { readonly header: JsonObject; readonly claims: JsonObject } {
  const [header = '', claims = ''] = token.split('.').map((text) => Buffer.from(text, 'base64url').toString());
  return { header: JSON.parse(header) as JsonObject, claims: JSON.parse(claims) as JsonObject };
}
