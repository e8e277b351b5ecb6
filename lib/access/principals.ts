import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { isAwaited, type Awaitable } from '../common/awaitable.js';
import { Principal } from '../common/principal.js';
import { AuthError } from '../errors/auth-error.js';
import type { AuthStructure } from '../options/auth-options.js';
import { AuthSettings } from '../options/auth-settings.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { addressedRequest } from './addressed-request.js';
import { ApiKeyReader } from './api-key-reader.js';
import { BearerTokenReader, type CheckDepth } from './bearer-token-reader.js';
import { callSiteOf, isUpgrade, type CallSite, type Transport } from './call-site.js';
import { rememberedOutcome, type CredentialOutcome } from './call-state.js';
import type { CompiledRule } from './compiled-rule.js';
import { CsrfProtection, isUnsafe } from './csrf-protection.js';
import { SessionReader, type AuthRequest } from './credential-source.js';
import { apiKeyHeader, bearerToken, presentedCredential } from './presented-credential.js';
import { ResourceTokenReader } from './resource-token-reader.js';
import { RouteRules } from './route-rules.js';
import { transportError } from './transport-errors.js';

const BOTH = 'Send either a bearer token or an API key, not both.';

/** What of a rule decides how a credential is read. */
type ReadRule = Pick<CompiledRule, 'checksSession'> & Partial<Pick<CompiledRule, 'resource'>>;

/**
 * Who a request is from, for guards of your own that run before ours, and for GraphQL and WebSocket code. Read once a
 * request, and on a socket once a message.
 */
@Injectable()
export class Principals {
  constructor(
    private readonly rules: RouteRules,
    private readonly sessions: SessionReader,
    private readonly bearer: BearerTokenReader,
    private readonly apiKeys: ApiKeyReader,
    private readonly resources: ResourceTokenReader,
    private readonly settings: AuthSettings,
    private readonly csrf: CsrfProtection,
    @Inject(AUTH_STRUCTURE) private readonly structure: AuthStructure,
  ) {}

  /**
   * The principal behind a context; `undefined` for an anonymous request and on `@Public()` handlers, where no credential
   * is looked at. Decides nothing about the handler's rules.
   *
   * @throws the transport's own error: 401 for a wrong `Bearer` or `X-API-Key` header, 400 for both at once, 403
   * `CSRF_FAILED`, 503 when sessions cannot be read
   */
  async of(context: ExecutionContext): Promise<Principal | undefined> {
    const rule = this.rules.of(context);
    if (rule.mode === 'public') return undefined;
    const site = callSiteOf(context, this.structure.rpc);
    try {
      return principalIn(await this.outcomeOf(site, rule));
    } catch (error) {
      throw await transportError(site.transport, error);
    }
  }

  /** @internal */
  outcomeOf(site: CallSite, rule?: ReadRule): Awaitable<CredentialOutcome> {
    const depth = this.depthOf(rule);
    return rememberedOutcome(site, depth, () => this.read(site, depth, rule?.resource === true));
  }

  /** What concerns the account itself is never decided by a token alone, whatever `tokens.checking` says. */
  private depthOf(rule: ReadRule | undefined): CheckDepth {
    return rule?.checksSession === true ? 'session' : this.settings.tokens.checking;
  }

  private read(site: CallSite, depth: CheckDepth, resource: boolean): Awaitable<CredentialOutcome> {
    const { transport, request } = site;
    if (request === undefined) return { status: 'none' };
    switch (presentedCredential(request)) {
      case 'conflict':
        return refused(new AuthError('MALFORMED_REQUEST', { message: BOTH }));
      case 'bearer':
        return this.readBearer(site, request, depth);
      case 'api-key':
        return this.readApiKey(apiKeyHeader(request), site);
      case 'cookie':
        return resource ? this.readLinkOrCookie(transport, request) : this.readCookie(transport, request);
    }
  }

  /** A header credential decides alone: good, or refused (RFC 6750 §3.1). */
  private readBearer(site: CallSite, request: AuthRequest, depth: CheckDepth): Awaitable<CredentialOutcome> {
    const token = bearerToken(request);
    if (token !== undefined && this.apiKeys.recognises(token)) return this.readApiKey(token, site);
    const principal = token === undefined ? undefined : this.bearer.read(token, depth);
    return isAwaited(principal) ? principal.then(tokenOutcome) : tokenOutcome(principal);
  }

  private async readApiKey(key: string | undefined, site: CallSite): Promise<CredentialOutcome> {
    const request = addressedRequest(site);
    if (key === undefined || request === undefined) return refused(invalidApiKey());
    const principal = await this.apiKeys.read(key, request);
    return principal === undefined ? refused(invalidApiKey()) : { status: 'live', principal };
  }

  private async readLinkOrCookie(transport: Transport, request: AuthRequest): Promise<CredentialOutcome> {
    return (await this.readResource(request)) ?? this.readCookie(transport, request);
  }

  /** A link decides alone, like a header: good, or refused. */
  private async readResource(request: AuthRequest): Promise<CredentialOutcome | undefined> {
    const token = this.resources.presented(request);
    if (token === undefined) return undefined;
    return tokenOutcome(await this.resources.read(token, request));
  }

  private async readCookie(transport: Transport, request: AuthRequest): Promise<CredentialOutcome> {
    const reading = await this.sessions.fromCookie(request);
    if (reading.status !== 'live') return { status: reading.status };
    if (!(reading.principal instanceof Principal)) return { status: 'none' };
    const forgery = this.forgery(transport, request, reading.csrf.seed);
    return forgery === undefined ? { status: 'live', principal: reading.principal } : refused(forgery);
  }

  private forgery(transport: Transport, request: AuthRequest, seed: string): AuthError | undefined {
    try {
      this.checkSender(transport, request, seed);
      return undefined;
    } catch (error) {
      if (error instanceof AuthError) return error;
      throw error;
    }
  }

  /** A handshake is a GET, yet any site may open one with the visitor's cookies (RFC 6455 §10.2). */
  private checkSender(transport: Transport, request: AuthRequest, seed: string): void {
    if (transport === 'ws' || isUpgrade(request)) this.csrf.checkOrigin(request);
    if (transport !== 'ws' && isUnsafe(request)) this.csrf.check(request, seed);
  }
}

/** The principal of an outcome; throws when the credential itself was refused. */
export function principalIn(outcome: CredentialOutcome): Principal | undefined {
  if (outcome.status === 'refused') throw outcome.error;
  return outcome.status === 'live' ? outcome.principal : undefined;
}

/** RFC 6750 §3.1. */
export function invalidAccessToken(): AuthError {
  return new AuthError('INVALID_ACCESS_TOKEN', { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } });
}

/** A key may have come as a bearer token (RFC 6750 §3.1). */
function invalidApiKey(): AuthError {
  return new AuthError('INVALID_API_KEY', { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } });
}

function tokenOutcome(principal: Principal | undefined): CredentialOutcome {
  return principal === undefined ? refused(invalidAccessToken()) : { status: 'live', principal };
}

function refused(error: AuthError): CredentialOutcome {
  return { status: 'refused', error };
}
