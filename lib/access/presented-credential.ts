import type { AuthRequest } from './credential-source.js';

/** Which credential of a request decides. The first three decide alone: a cookie beside them is not read. */
export type PresentedCredential = 'conflict' | 'bearer' | 'api-key' | 'cookie';

// RFC 9110 §11.1: the scheme is case-insensitive. What follows may be anything: a malformed token is a wrong one.
const BEARER = /^bearer(?:\s|$)/i;

/** Other schemes, such as a proxy's `Basic`, are not ours. A repeated header arrives joined or as a list. */
export function presentedCredential({ headers }: AuthRequest): PresentedCredential {
  const authorization = headers['authorization'];
  const values = Array.isArray(authorization) ? authorization : [authorization ?? ''];
  const bearer = values.some((value) => BEARER.test(value));
  const apiKey = headers['x-api-key'] !== undefined;
  if (bearer && apiKey) return 'conflict';
  if (bearer) return 'bearer';
  return apiKey ? 'api-key' : 'cookie';
}
