import type { AuthRequest } from './credential-source.js';

/** Which credential of a request decides. The first three decide alone: a cookie beside them is not read. */
export type PresentedCredential = 'conflict' | 'bearer' | 'api-key' | 'cookie';

// RFC 9110 §11.1: the scheme is case-insensitive. What follows may be anything: a malformed token is a wrong one.
const BEARER = /^bearer(?:\s|$)/i;

// RFC 6750 §2.1: one header, one space, b64token.
const TOKEN = /^bearer ([A-Za-z0-9._~+/-]+=*)$/i;

/** The token of the `Authorization` header; `undefined` when what stands there cannot be one. */
export function bearerToken({ headers }: AuthRequest): string | undefined {
  const value = headers['authorization'];
  const only = Array.isArray(value) ? (value.length === 1 ? value[0]! : '') : (value ?? '');
  return TOKEN.exec(only)?.[1];
}

/** The key of the `X-API-Key` header; `undefined` when it came more than once. */
export function apiKeyHeader({ headers }: AuthRequest): string | undefined {
  const value = headers['x-api-key'];
  return typeof value === 'string' ? value : undefined;
}

/** Other schemes, such as a proxy's `Basic`, are not ours. A repeated header arrives joined or as a list. */
export function presentedCredential({ headers }: AuthRequest): PresentedCredential {
  const authorization = headers['authorization'];
  const bearer = Array.isArray(authorization)
    ? authorization.some((value) => BEARER.test(value))
    : authorization !== undefined && BEARER.test(authorization);
  const apiKey = headers['x-api-key'] !== undefined;
  if (bearer && apiKey) return 'conflict';
  if (bearer) return 'bearer';
  return apiKey ? 'api-key' : 'cookie';
}
