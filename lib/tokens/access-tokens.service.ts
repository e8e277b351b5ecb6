import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DAY_MS, SECOND_MS } from '../common/duration.js';
import { randomToken } from '../common/random.js';
import { AuthHooks } from '../hooks/auth-hooks.js';
import { withinDeadline } from '../hooks/within-deadline.js';
import { AuthSettings } from '../options/auth-settings.js';
import { decodeClaims, encodeClaims, RESERVED_CLAIMS, type AccessClaims, type TokenSubject } from './access-claims.js';
import { CLAIM_RULES, HEADER_RULES, TOKEN_TYPE, type Expected } from './access-token-rules.js';
import { jsonObject, LONGEST_JWS, parseJws, signJws, type JsonObject } from './jws.js';
import { TokenKeys } from './token-keys.js';
import { TokenPassport } from './token-passport.js';
import { VerifiedTokens } from './verified-tokens.js';

export interface SignedAccessToken {
  readonly token: string;
  /** Seconds from its `iat` to its `exp` (RFC 6749 §5.1). */
  readonly expiresIn: number;
}

/** The longest life that `tokens.accessTtl` may have had when an older node signed. */
const LONGEST_LIFE_MS = DAY_MS;

/** Access tokens: JWTs in the profile of RFC 9068. */
@Injectable()
export class AccessTokens {
  private readonly logger = new Logger('Gatehouse');
  private readonly verified = new VerifiedTokens();
  private readonly told = new Set<string>();

  constructor(
    private readonly keys: TokenKeys,
    private readonly passport: TokenPassport,
    private readonly hooks: AuthHooks,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * Signs a token for a session. It ends with the session, when that is sooner. Throws for one that would be longer than
   * what is read.
   */
  async sign(subject: TokenSubject, scopes: readonly string[]): Promise<SignedAccessToken> {
    const { issuer, audience, accessTtlMs } = this.settings.tokens;
    const now = this.clock.now();
    const issuedAt = wholeSeconds(now);
    const expiresAt = wholeSeconds(Math.min(issuedAt + accessTtlMs, subject.sessionExpiresAt));
    const claims: AccessClaims = { ...subject, scopes, issuedAt, expiresAt, jti: randomToken() };
    const payload = {
      ...(await this.extraClaims(subject, scopes)),
      ...encodeClaims(claims, issuer, audience, this.settings.appName),
    };
    const { algorithm, signKey, kid } = this.keys.signing;
    const token = signJws(algorithm, signKey, { typ: TOKEN_TYPE, alg: algorithm, kid }, payload);
    if (token.length > LONGEST_JWS) {
      const tooLong = `${token.length} characters, of ${LONGEST_JWS} at most`;
      throw new RangeError(`An access token would have ${tooLong}: let AuthHooks.claims return less.`);
    }
    return { token, expiresIn: Math.max(0, expiresAt - issuedAt) / SECOND_MS };
  }

  /**
   * What a token says, or `undefined` when it is not one of ours, has expired, or its key has retired. At once for one whose
   * signature has been verified before.
   */
  verify(token: string): AccessClaims | Promise<AccessClaims | undefined> | undefined {
    const known = this.verified.get(token);
    if (known === undefined) return this.check(token, false);
    if (known.claims.expiresAt > this.clock.now() && !this.keys.isOver(known.key)) return known.claims;
    this.verified.drop(token);
    return undefined;
  }

  /** The same for a token that may have expired: it still says whose session is to be ended. */
  verifyExpired(token: string): Promise<AccessClaims | undefined> {
    return this.check(token, true);
  }

  private async check(token: string, mayBeExpired: boolean): Promise<AccessClaims | undefined> {
    const jws = parseJws(token);
    const key = jws && this.keys.find(jws.header['kid']);
    if (jws === undefined || key === undefined) return undefined;
    if (!HEADER_RULES.every((rule) => rule.holds(jws.header, key))) return undefined;
    const payload = (await this.passport.verify({ token, jws, key })) ? jsonObject(jws.payload) : undefined;
    const expected = this.expected(mayBeExpired);
    if (payload === undefined || !CLAIM_RULES.every((rule) => rule.holds(payload, expected))) return undefined;
    const claims = decodeClaims(payload);
    if (!mayBeExpired) this.verified.add(token, { claims, key });
    return claims;
  }

  private expected(mayBeExpired: boolean): Expected {
    const { issuer, audience } = this.settings.tokens;
    return { issuer, audience, now: this.clock.now(), longestLifeMs: LONGEST_LIFE_MS, mayBeExpired };
  }

  private async extraClaims(
    { userId, sessionId, roles, impersonatorId }: TokenSubject,
    scopes: readonly string[],
  ): Promise<JsonObject> {
    const whom = { userId, sessionId, roles, scopes, ...(impersonatorId === null ? {} : { impersonatorId }) };
    const given = await withinDeadline(() => this.hooks.claims(whom));
    // As JSON first: what stands there may have a `toJSON`, which would speak for the whole token.
    const plain = JSON.parse(JSON.stringify(given ?? {})) as JsonObject;
    const allowed = Object.entries(plain).filter(([name]) => !RESERVED_CLAIMS.has(name) || this.tell(name));
    return Object.fromEntries(allowed);
  }

  /** Says once for each name that a hook tried to set it. */
  private tell(name: string): false {
    if (!this.told.has(name)) this.logger.warn(`AuthHooks.claims may not set "${name}": it is left out`);
    this.told.add(name);
    return false;
  }
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / SECOND_MS) * SECOND_MS;
}
