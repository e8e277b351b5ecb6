import { Injectable, type ExecutionContext, type Type } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Principal } from '../common/principal.js';
import { AuthError } from '../errors/auth-error.js';
import { RoleGrants } from '../roles/role-grants.js';
import type { LiveSession } from '../sessions/live-session.js';
import { SessionCache } from '../sessions/session-cache.js';
import { AccessTokens } from '../tokens/access-tokens.service.js';
import { TokenScopes } from '../tokens/token-scopes.js';
import { requirePolicies, requireRule } from './access-decision.js';
import { ApiKeyReader } from './api-key-reader.js';
import { AddressCheck } from './address-check.js';
import { BearerTokenReader } from './bearer-token-reader.js';
import type { CallSite } from './call-site.js';
import { CookieSessionReader } from './cookie-session-reader.js';
import type { HandshakeRule } from './handshake-rules.js';
import { bearerToken } from './presented-credential.js';
import { invalidAccessToken, principalIn, Principals } from './principals.js';
import { sessionPrincipal } from './session-principal.js';
import { hasLost, type Standing } from './socket-standing.js';
import { StepUp } from './step-up.service.js';

/** The login session or API key that a socket stands on, and how it came to it. */
export interface SocketGrip {
  readonly userId: string;
  /** Of an API key its id. */
  readonly sid: string;
  readonly via: 'session' | 'bearer' | 'api-key';
  /** Scopes of the access token. */
  readonly scopes: readonly string[] | undefined;
  /** Epoch ms at which the credential itself ends. */
  readonly endsAt: number;
}

export interface Admission {
  readonly principal: Principal | undefined;
  /** `undefined` when nobody is known, or the session is none of Gatehouse's own. */
  readonly grip: SocketGrip | undefined;
}

/** What an open socket must go on to meet. */
export interface SocketTerms {
  readonly rule: HandshakeRule;
  /** What may not be lost; `undefined` when only the rule counts. */
  readonly standing: Standing | undefined;
}

const NOBODY: Admission = { principal: undefined, grip: undefined };

/** Who opens a socket, whether the rules let him, and whether they still do later. */
@Injectable()
export class SocketCredentials {
  constructor(
    private readonly principals: Principals,
    private readonly cookies: CookieSessionReader,
    private readonly bearer: BearerTokenReader,
    private readonly apiKeys: ApiKeyReader,
    private readonly accessTokens: AccessTokens,
    private readonly cache: SessionCache,
    private readonly scopes: TokenScopes,
    private readonly grants: RoleGrants,
    private readonly stepUp: StepUp,
    private readonly address: AddressCheck,
    private readonly clock: Clock,
  ) {}

  /**
   * Judges a handshake. The login session is always looked up, whatever `tokens.checking` says: a socket lives on.
   *
   * @throws AuthError and whatever `HttpException` a policy throws
   */
  async admit(site: CallSite, rule: HandshakeRule, contextOf: (gateway: Type) => ExecutionContext): Promise<Admission> {
    await this.address.require(site);
    if (rule.mode === 'open') return NOBODY;
    const outcome = await this.principals.outcomeOf(site, { checksSession: true });
    // Only what is known to be wrong counts as nobody: whoever cannot be judged now would never be watched later.
    if (rule.mode === 'known' && outcome.status === 'refused') return NOBODY;
    const admission = await this.admissionOf(site, principalIn(outcome));
    if (rule.mode === 'known') return admission;
    if (admission.principal === undefined) {
      if (rule.mode === 'required') throw new AuthError('NOT_AUTHENTICATED');
      return admission;
    }
    await this.require(rule, admission.principal, contextOf);
    return admission;
  }

  /**
   * Who a new access token is from, for a socket that is open already.
   *
   * @throws AuthError `INVALID_ACCESS_TOKEN`; `FORBIDDEN` and the like when the rule is not met
   */
  async renew(token: string, rule: HandshakeRule): Promise<Admission & { readonly principal: Principal }> {
    const principal = await this.bearer.read(token, 'session');
    if (principal === undefined) throw invalidAccessToken();
    this.requireStill(rule, principal);
    return { principal, grip: await this.tokenGrip(token) };
  }

  /**
   * Who it is from at this moment. One look-up, which is no activity of the session. Throws `STORE_UNAVAILABLE` when nobody
   * can say.
   */
  holderOf({ userId, sid, via }: SocketGrip): Promise<LiveSession | Principal | undefined> {
    if (via === 'api-key') return this.apiKeys.stillIs({ userId, sessionId: sid });
    return this.cache.find(userId, sid, { touch: false });
  }

  /** Whether the credential itself has ended. Asks nobody. */
  expiry(grip: SocketGrip): AuthError | undefined {
    return this.clock.now() >= grip.endsAt ? overError(grip) : undefined;
  }

  /**
   * What stands in the way of a socket that is open: its session has ended, the account no longer meets the class rule, or
   * it has lost something of the standing. Policies and freshness are asked at the handshake and with each message alone.
   */
  objection(grip: SocketGrip, holder: LiveSession | Principal | undefined, terms: SocketTerms): AuthError | undefined {
    if (holder === undefined) return overError(grip);
    const principal = holder instanceof Principal ? holder : this.principalOf(grip, holder);
    try {
      this.requireStill(terms.rule, principal);
      return terms.standing && hasLost(terms.standing, principal) ? new AuthError('FORBIDDEN') : undefined;
    } catch (error) {
      if (error instanceof AuthError) return error;
      throw error;
    }
  }

  private principalOf({ via, scopes }: SocketGrip, session: LiveSession): Principal {
    const clamped = scopes && this.scopes.clamp(scopes, undefined, session.roles);
    return sessionPrincipal(session, via, clamped, this.grants);
  }

  /** Calls the listener after every change of a user's sessions on this node. Returns what ends that. */
  onChange(listener: (userId: string) => void): () => void {
    return this.cache.onChange(listener);
  }

  private async require(
    rule: HandshakeRule,
    principal: Principal,
    contextOf: (gateway: Type) => ExecutionContext,
  ): Promise<void> {
    if (!this.stepUp.isEnrolled(rule, principal)) throw await this.stepUp.enrolmentDue(principal);
    for (const { gateway, rule: asked } of rule.parts) {
      requireRule(asked, principal);
      await requirePolicies(asked.policies, principal, contextOf(gateway));
      if (!this.stepUp.isMet(asked, principal)) throw await this.stepUp.refusal(asked, principal);
    }
  }

  /** What can be said without asking anybody. A role that was given since may ask for a second factor. */
  private requireStill(handshake: HandshakeRule, principal: Principal): void {
    if (handshake.mode !== 'known' && !this.stepUp.isEnrolled(handshake, principal)) {
      throw new AuthError('ENROLMENT_REQUIRED');
    }
    for (const { rule } of handshake.parts) {
      requireRule(rule, principal);
      if (!this.stepUp.hasProven(rule, principal)) throw new AuthError('SECOND_FACTOR_REQUIRED');
    }
  }

  private async admissionOf(site: CallSite, principal: Principal | undefined): Promise<Admission> {
    if (!(principal instanceof Principal) || site.request === undefined) return NOBODY;
    const session = this.cookies.sessionOf(principal);
    if (principal.via === 'api-key') return { principal, grip: keyGrip(principal) };
    if (session === undefined) return { principal, grip: await this.tokenGrip(bearerToken(site.request)) };
    const { userId, sid } = session;
    return {
      principal,
      grip: { userId, sid, via: 'session', scopes: undefined, endsAt: Number.POSITIVE_INFINITY },
    };
  }

  private async tokenGrip(token: string | undefined): Promise<SocketGrip | undefined> {
    const claims = token === undefined ? undefined : await this.accessTokens.verify(token);
    if (claims === undefined) return undefined;
    const { userId, sid, scopes, expiresAt } = claims;
    return { userId, sid, via: 'bearer', scopes, endsAt: expiresAt };
  }
}

function keyGrip({ userId, sessionId: sid, expiresAt }: Principal): SocketGrip {
  return { userId, sid, via: 'api-key', scopes: undefined, endsAt: expiresAt.getTime() };
}

function overError({ via }: SocketGrip): AuthError {
  if (via === 'bearer') return invalidAccessToken();
  return new AuthError(via === 'api-key' ? 'INVALID_API_KEY' : 'NOT_AUTHENTICATED');
}
