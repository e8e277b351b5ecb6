import { SECOND_MS } from '../common/duration.js';
import type { JsonObject } from './jws.js';

/** The login session that tokens stand for, and what is known of its user. */
export interface TokenSubject {
  readonly userId: string;
  readonly sid: string;
  /** Public id of the login session. */
  readonly sessionId: string;
  readonly sessionExpiresAt: number;
  readonly authenticatedAt: number;
  readonly freshUntil: number;
  readonly methods: readonly string[];
  readonly roles: readonly string[];
  readonly emailVerified: boolean;
  /** The administrator who acts as the user: `act` (RFC 8693 §4.1). */
  readonly impersonatorId: string | null;
}

/** What an access token says. Times in epoch ms. */
export interface AccessClaims extends TokenSubject {
  readonly jti: string;
  readonly scopes: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/**
 * Claims that no hook may set: registered ones (RFC 7519 §4.1 and the registry of IANA, as far as they speak of who a token
 * is from, for or about) and our own.
 */
export const RESERVED_CLAIMS: ReadonlySet<string> = new Set([
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'sid',
  'client_id',
  'scope',
  'roles',
  'groups',
  'entitlements',
  'auth_time',
  'acr',
  'amr',
  'azp',
  'act',
  'may_act',
  'cnf',
  'nonce',
  'email_verified',
  'session',
]);

/** The claims as JSON (RFC 9068 §2.2): times in whole seconds, those of the session in ms. */
export function encodeClaims(claims: AccessClaims, issuer: string, audience: string, clientId: string): JsonObject {
  return {
    iss: issuer,
    aud: audience,
    sub: claims.userId,
    sid: claims.sid,
    jti: claims.jti,
    iat: claims.issuedAt / SECOND_MS,
    exp: claims.expiresAt / SECOND_MS,
    client_id: clientId,
    scope: claims.scopes.join(' '),
    auth_time: Math.floor(claims.authenticatedAt / SECOND_MS),
    amr: claims.methods,
    roles: claims.roles,
    email_verified: claims.emailVerified,
    ...(claims.impersonatorId !== null && { act: { sub: claims.impersonatorId } }),
    session: { id: claims.sessionId, end: claims.sessionExpiresAt, fresh: claims.freshUntil },
  };
}

/**
 * Only of claims that our key signed and that meet the rules; so their form is ours. Frozen, as they are kept and shown to
 * every request with the token.
 */
export function decodeClaims(claims: JsonObject): AccessClaims {
  const session = claims['session'] as { id: string; end: number; fresh: number };
  return {
    userId: claims['sub'] as string,
    sid: claims['sid'] as string,
    jti: claims['jti'] as string,
    issuedAt: Number(claims['iat']) * SECOND_MS,
    expiresAt: Number(claims['exp']) * SECOND_MS,
    scopes: Object.freeze(String(claims['scope']).split(' ').filter(Boolean)),
    authenticatedAt: Number(claims['auth_time']) * SECOND_MS,
    methods: Object.freeze(claims['amr'] as string[]),
    roles: Object.freeze(claims['roles'] as string[]),
    emailVerified: claims['email_verified'] === true,
    impersonatorId: (claims['act'] as { sub: string } | undefined)?.sub ?? null,
    sessionId: session.id,
    sessionExpiresAt: session.end,
    freshUntil: session.fresh,
  };
}
