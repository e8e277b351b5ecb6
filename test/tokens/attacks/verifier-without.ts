import { createPublicKey, createSecretKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { AuthSettings } from '../../../lib/options/auth-settings.js';
import { CLAIM_RULES, HEADER_RULES } from '../../../lib/tokens/access-token-rules.js';
import { jsonObject, parseJws, type JsonObject, type ParsedJws, type TokenAlgorithm } from '../../../lib/tokens/jws.js';
import type { TokenKey } from '../../../lib/tokens/token-keys.js';
import { hs256 } from './forge.js';
import type { Lab } from './lab.js';

/**
 * What stands between a forger and an answer. `form`: the compact form alone, in its one spelling, of bounded length. `key`:
 * keys come from the configuration alone. `signature`: it is computed. `payload`: an object in UTF-8. The others are the
 * rules of their names.
 */
export type Defence = 'form' | 'key' | 'signature' | 'payload' | (string & {});

export const RULES: readonly string[] = [...HEADER_RULES, ...CLAIM_RULES].map(({ name }) => name);

export const DEFENCES: readonly Defence[] = ['form', 'key', 'signature', 'payload', ...RULES];

/**
 * Whether a token passes a verifier made of the parts of ours, some left out: what stands in their place is what careless
 * verifiers have been found to do.
 */
export function passesWithout(lab: Lab, removed: readonly Defence[], token: string): boolean {
  const without = new Set(removed);
  const jws = without.has('form') ? carelessParse(token) : parseJws(token);
  if (jws === undefined) return false;
  const key = without.has('key') ? carelessKey(lab, jws.header) : lab.keys.find(jws.header['kid']);
  if (key === undefined) return false;
  const headerRules = HEADER_RULES.filter(({ name }) => !without.has(name));
  if (!headerRules.every((rule) => rule.holds(jws.header, key))) return false;
  const algorithm = without.has('alg') ? String(jws.header['alg']) : key.algorithm;
  if (!without.has('signature') && !isSigned(jws, algorithm, key.verifyKey)) return false;
  const payload = without.has('payload') ? carelessPayload(jws.payload) : jsonObject(jws.payload);
  if (payload === undefined) return false;
  const { issuer, audience } = lab.app.get(AuthSettings).tokens;
  const expected = { issuer, audience, now: lab.clock.now(), longestLifeMs: 86_400_000, mayBeExpired: false };
  return CLAIM_RULES.filter(({ name }) => !without.has(name)).every((rule) => rule.holds(payload, expected));
}

/** Any number of parts, any alphabet, also the JSON serialisations (RFC 7515 §7.2), of any length. */
function carelessParse(token: string): ParsedJws | undefined {
  const [head = '', body = '', tail = ''] = token.startsWith('{') ? serialised(token) : token.trim().split('.');
  const header = jsonObject(Buffer.from(head, 'base64url'));
  const [payload, signature] = [Buffer.from(body, 'base64url'), Buffer.from(tail, 'base64url')];
  return header && { header, signingInput: `${head}.${body}`, payload, signature };
}

function serialised(token: string): string[] {
  const { payload, signatures, ...flat } = JSON.parse(token) as Record<string, any>;
  const { protected: head, signature } = signatures?.[0] ?? flat;
  return [head, payload, signature];
}

/** Follows what the token says of its key, and takes the usual one where that leads nowhere. */
function carelessKey(lab: Lab, { kid, jwk, alg }: JsonObject): TokenKey {
  const given = (algorithm: unknown, verifyKey: KeyObject): TokenKey => ({
    kid: '',
    algorithm: algorithm as TokenAlgorithm,
    verifyKey,
    notAfter: undefined,
  });
  const known = lab.keys.find(kid);
  if (known !== undefined) return known;
  if (jwk !== undefined) return given(alg, createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }));
  if (typeof kid === 'string' && isFile(kid)) return given('HS256', createSecretKey(readFileSync(kid)));
  return lab.keys.signing;
}

function carelessPayload(bytes: Buffer): JsonObject {
  try {
    return Object(JSON.parse(bytes.toString('utf8'))) as JsonObject;
  } catch {
    return {};
  }
}

/** Does what `algorithm` says, a public key as the secret of an HMAC included (CVE-2015-9235). */
function isSigned({ signingInput, signature }: ParsedJws, algorithm: string, key: KeyObject): boolean {
  if (algorithm.toLowerCase() === 'none') return true;
  if (algorithm === 'HS256' || key.type === 'secret')
    return secretsOf(key).some((secret) => hs256(secret)(signingInput).equals(signature));
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return verify(digest, Buffer.from(signingInput), { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** Every text in which a public key is commonly handed on. */
export function secretsOf(key: KeyObject): (KeyObject | Buffer | string)[] {
  if (key.type === 'secret') return [key];
  const pem = key.export({ type: 'spki', format: 'pem' });
  return [
    pem,
    pem.toString().trim(),
    key.export({ type: 'spki', format: 'der' }),
    JSON.stringify(key.export({ format: 'jwk' })),
  ];
}

function isFile(path: string): boolean {
  try {
    return !statSync(path).isDirectory();
  } catch {
    return false;
  }
}
