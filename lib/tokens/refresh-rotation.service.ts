import { Injectable, Logger } from '@nestjs/common';
import { RateLimits } from '../attempts/rate-limits.service.js';
import type { ClientInfo } from '../common/client-address.js';
import { Clock } from '../common/clock.js';
import { SECOND_MS } from '../common/duration.js';
import { AuthError } from '../errors/auth-error.js';
import { AuthHooks } from '../hooks/auth-hooks.js';
import { withinDeadline } from '../hooks/within-deadline.js';
import { AuthSettings } from '../options/auth-settings.js';
import type { LiveSession } from '../sessions/live-session.js';
import { SessionCache } from '../sessions/session-cache.js';
import { RefreshRecord } from './refresh-record.js';
import { RefreshTokens, type RefreshReference } from './refresh-tokens.js';
import { TokenFamilies, type FamilyState } from './token-families.service.js';
import { TokenIssuer, type SignedPair, type TokenResponse } from './token-issuer.service.js';
import { TokenScopes } from './token-scopes.js';

export interface RefreshRequest {
  readonly refreshToken: string;
  /** Scopes of the new access token, separated by spaces. Default: those that were granted. */
  readonly scope?: string | undefined;
  readonly client: ClientInfo;
  /** Of mail that the refresh calls for. Default: that of the templates. */
  readonly locale?: string | undefined;
}

/** Whether the session may have new tokens: they are signed already, or refused for a reason. */
type Admission = { readonly pair: SignedPair } | { readonly refusal: unknown };

const MOST_DECISIONS = 3;

/**
 * Refreshes tokens (RFC 6749 §6, RFC 9700 §4.14.2): each refresh token but the current one is spent. The one before it gets
 * the same successor for a short grace, because answers get lost and browsers have tabs; any older one is reuse, and ends
 * the session with all that it stands for.
 */
@Injectable()
export class RefreshRotation {
  private readonly logger = new Logger('Gatehouse');

  constructor(
    private readonly refreshTokens: RefreshTokens,
    private readonly families: TokenFamilies,
    private readonly cache: SessionCache,
    private readonly record: RefreshRecord,
    private readonly issuer: TokenIssuer,
    private readonly scopes: TokenScopes,
    private readonly limits: RateLimits,
    private readonly hooks: AuthHooks,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws `INVALID_REFRESH_TOKEN`, `REFRESH_TOKEN_REUSED` (401), `SIGN_IN_REFUSED` (403), `RATE_LIMITED` (429),
   * `VALIDATION_FAILED` (400) for a scope that was never granted.
   */
  async refresh(request: RefreshRequest): Promise<TokenResponse> {
    const presented = this.refreshTokens.read(request.refreshToken);
    if (presented === undefined) throw new AuthError('INVALID_REFRESH_TOKEN');
    // Both ask the state store, so they ask it at once.
    const counted = this.limits.countSession('tokenRefresh', presented.sid);
    counted.catch(() => undefined);
    const session = await this.cache.find(presented.userId, presented.sid, { touch: false });
    if (session === undefined) throw new AuthError('INVALID_REFRESH_TOKEN');
    const admission = await this.admit(session, request, counted);
    // The usual case: the statement itself holds every condition, so nothing has to be read.
    if ('pair' in admission && (await this.families.rotate(presented))) {
      return admission.pair.withGeneration(presented.generation + 1);
    }
    return this.decide(presented, admission, request);
  }

  /** The first line that fits decides. The row is read again when somebody else rotated in between. */
  private async decide(
    presented: RefreshReference,
    admission: Admission,
    request: RefreshRequest,
  ): Promise<TokenResponse> {
    for (let decision = 0; decision < MOST_DECISIONS; decision += 1) {
      const family = await this.families.read(presented);
      if (family === undefined) throw new AuthError('INVALID_REFRESH_TOKEN');
      if (presented.generation > family.generation) throw this.fromTheFuture();
      const inGrace = this.isInGrace(presented, family);
      if (presented.generation < family.generation && !inGrace) {
        await this.record.reused(presented, request);
        throw new AuthError('REFRESH_TOKEN_REUSED');
      }
      if ('refusal' in admission) throw await this.refused(presented, family, admission.refusal, request);
      if (inGrace) {
        await this.noteOtherClient(presented, family, request);
        return admission.pair.withGeneration(family.generation);
      }
      if (await this.families.rotate(presented)) {
        return admission.pair.withGeneration(presented.generation + 1);
      }
    }
    throw new AuthError('STORE_UNAVAILABLE', { retryAfterMs: SECOND_MS });
  }

  private async refused(
    { userId }: RefreshReference,
    { id }: FamilyState,
    refusal: unknown,
    { client }: RefreshRequest,
  ): Promise<unknown> {
    if (isVeto(refusal)) await this.record.refused({ userId, id }, client);
    return refusal;
  }

  private async admit(
    session: LiveSession,
    { scope, client }: RefreshRequest,
    counted: Promise<void>,
  ): Promise<Admission> {
    try {
      await this.askVeto(session, client);
      const scopes = this.scopes.clamp(session.scopes ?? [], scope, session.roles);
      await counted;
      const subject = { ...session, sessionId: session.id, sessionExpiresAt: session.expiresAt };
      return { pair: await this.issuer.sign(subject, scopes) };
    } catch (error) {
      // What the token itself turns out to be comes before what its holder may have: a spent one is reuse also where the
      // application's hook fails.
      return { refusal: error };
    }
  }

  private async askVeto(session: LiveSession, client: ClientInfo): Promise<void> {
    const { address, userAgent } = client;
    const question = { userId: session.userId, method: 'refresh', address, userAgent };
    if ((await withinDeadline(() => this.hooks.beforeSignIn(question))) === false) {
      throw new AuthError('SIGN_IN_REFUSED');
    }
  }

  /** The one token before the current, shortly after the rotation. It ends as soon as the successor has rotated. */
  private isInGrace({ generation }: RefreshReference, family: FamilyState): boolean {
    const { refreshGraceMs } = this.settings.tokens;
    const before = family.generation - generation === 1 && family.rotatedAt !== null;
    return before && this.clock.now() - family.rotatedAt <= refreshGraceMs;
  }

  /** Only a database that was restored from a backup knows less than a genuine token. */
  private fromTheFuture(): AuthError {
    this.logger.warn('A refresh token is ahead of its session: has the database been restored?');
    return new AuthError('INVALID_REFRESH_TOKEN');
  }

  private async noteOtherClient(
    { userId }: RefreshReference,
    { id, ip, userAgent }: FamilyState,
    { client }: RefreshRequest,
  ): Promise<void> {
    if (ip === client.address || userAgent === client.userAgent) return;
    await this.record.otherClient({ userId, id }, client);
  }
}

function isVeto(refusal: unknown): boolean {
  return refusal instanceof AuthError && refusal.code === 'SIGN_IN_REFUSED';
}
