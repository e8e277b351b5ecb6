import { MINUTE_MS, SECOND_MS } from '../common/duration.js';
import type { JsonObject } from './jws.js';
import type { TokenKey } from './token-keys.js';

/** How far the clocks of two nodes may be apart. */
export const CLOCK_SKEW_MS = MINUTE_MS / 2;

export const TOKEN_TYPE = 'at+jwt';

/** What is asked of the header of a token, before anything is computed. */
export interface HeaderRule {
  readonly name: string;
  holds(header: JsonObject, key: TokenKey): boolean;
}

/** What the claims are compared with. */
export interface Expected {
  readonly issuer: string;
  readonly audience: string;
  /** Epoch ms. */
  readonly now: number;
  /** A token that claims to live longer than any of ours ever does is none of ours. */
  readonly longestLifeMs: number;
  /** `true` where only the signature counts, such as a sign-out with an expired token. */
  readonly mayBeExpired: boolean;
}

/** What is asked of the claims of a token whose signature is good. */
export interface ClaimRule {
  readonly name: string;
  holds(claims: JsonObject, expected: Expected): boolean;
}

/** RFC 8725 §3.1, §3.10, §3.11; RFC 7515 §4.1.11; RFC 9068 §4. */
export const HEADER_RULES: readonly HeaderRule[] = [
  { name: 'alg', holds: ({ alg }, key) => alg === key.algorithm },
  { name: 'typ', holds: ({ typ }) => typ === TOKEN_TYPE },
  { name: 'crit', holds: (header) => !('crit' in header) },
];

/** RFC 7519 §4.1, RFC 9068 §2.2 and §4, RFC 8725 §3.8 and §3.9. */
export const CLAIM_RULES: readonly ClaimRule[] = [
  { name: 'iss', holds: ({ iss }, { issuer }) => iss === issuer },
  { name: 'aud', holds: ({ aud }, { audience }) => aud === audience },
  { name: 'sub', holds: ({ sub }) => isText(sub) },
  { name: 'sid', holds: ({ sid }) => typeof sid === 'string' && /^[\w-]{22}$/.test(sid) },
  { name: 'jti', holds: ({ jti }) => isText(jti) },
  { name: 'scope', holds: ({ scope }) => typeof scope === 'string' },
  { name: 'roles', holds: ({ roles }) => areTexts(roles) },
  { name: 'amr', holds: ({ amr }) => areTexts(amr) },
  { name: 'auth_time', holds: ({ auth_time }) => isTime(auth_time) },
  { name: 'email_verified', holds: ({ email_verified }) => typeof email_verified === 'boolean' },
  { name: 'session', holds: ({ session }) => isSession(session) },
  { name: 'iat', holds: ({ iat }, { now }) => isTime(iat) && iat * SECOND_MS <= now + CLOCK_SKEW_MS },
  {
    name: 'nbf',
    holds: ({ nbf }, { now }) => nbf === undefined || (isTime(nbf) && nbf * SECOND_MS <= now + CLOCK_SKEW_MS),
  },
  { name: 'exp', holds: ({ exp }, { now, mayBeExpired }) => isTime(exp) && (mayBeExpired || exp * SECOND_MS > now) },
  {
    name: 'life',
    holds: ({ iat, exp }, { longestLifeMs }) => {
      const lifeMs = (Number(exp) - Number(iat)) * SECOND_MS;
      return lifeMs > 0 && lifeMs <= longestLifeMs;
    },
  },
];

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isSession(value: unknown): boolean {
  const { id, end, fresh } = (value ?? {}) as JsonObject;
  return isText(id) && Number.isSafeInteger(end) && Number.isSafeInteger(fresh);
}

/** NumericDate (RFC 7519 §2) as we write it: whole seconds that a calendar has. */
function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) < 1e11;
}
