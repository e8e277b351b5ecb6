import { sign, createHmac, type KeyObject } from 'node:crypto';

/** How an access token may be signed (RFC 7518 §3.1, RFC 8037 §3.1). */
export type TokenAlgorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A JWS in compact form that has been taken apart and not been verified. */
export interface ParsedJws {
  readonly header: JsonObject;
  /** What the signature is over. */
  readonly signingInput: string;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

/** Characters. What is longer is not read, so nothing longer is signed. */
export const LONGEST_JWS = 8_192;

/** No byte order mark is skipped: one would be a second spelling. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Signs a payload as a JWS in compact form (RFC 7515 §7.1). */
export function signJws(algorithm: TokenAlgorithm, key: KeyObject, header: JsonObject, payload: JsonObject): string {
  const input = `${encoded(header)}.${encoded(payload)}`;
  return `${input}.${signatureOf(algorithm, key, input).toString('base64url')}`;
}

/**
 * Takes a JWS in compact form apart. `undefined` for what is none: no text, other than three parts, base64url with padding,
 * with stray characters or bits, so that no bytes have a second spelling (RFC 7515 §2), or a header that is no JSON object.
 */
export function parseJws(text: unknown): ParsedJws | undefined {
  if (typeof text !== 'string' || text.length > LONGEST_JWS) return undefined;
  const [head, body, tail, ...rest] = text.split('.', 4);
  if (head === undefined || body === undefined || tail === undefined || rest.length > 0) return undefined;
  const [headerBytes, payload, signature] = [canonical(head), canonical(body), canonical(tail)];
  const header = headerBytes && jsonObject(headerBytes);
  if (header === undefined || payload === undefined || signature === undefined) return undefined;
  return { header, signingInput: `${head}.${body}`, payload, signature };
}

/**
 * The bytes as a JSON object; `undefined` for every other value, an array included, and for what is no UTF-8 (RFC 8725
 * §3.7).
 */
export function jsonObject(bytes: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(UTF_8.decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function signatureOf(algorithm: TokenAlgorithm, key: KeyObject, input: string): Buffer {
  const data = Buffer.from(input, 'ascii');
  switch (algorithm) {
    case 'HS256':
      return createHmac('sha256', key).update(data).digest();
    case 'RS256':
      return sign('sha256', data, key);
    case 'ES256':
      // RFC 7518 §3.4: R and S side by side, not DER.
      return sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
    case 'EdDSA':
      return sign(null, data, key);
  }
}

function encoded(value: JsonObject): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}

function canonical(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return text !== '' && bytes.toString('base64url') === text ? bytes : undefined;
}
