import { AsyncLocalStorage } from 'node:async_hooks';
import { Inject, Injectable } from '@nestjs/common';
import type { Principal } from '../common/principal.js';
import { AuthError } from '../errors/auth-error.js';
import type { AuthStructure } from '../options/auth-options.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { callSiteOfRequest } from './call-site.js';
import { verdictOf, type CredentialOutcome } from './call-state.js';
import type { AuthRequest } from './credential-source.js';
import { principalIn, Principals } from './principals.js';

/**
 * The principal outside controllers, in whatever runs on behalf of an HTTP request. Needs `context: true` in `forRoot`,
 * which costs 10 to 25 µs a request. Sockets have no middleware: use `@CurrentPrincipal()` there.
 */
@Injectable()
export class AuthContext {
  private readonly requests = new AsyncLocalStorage<AuthRequest>();

  constructor(
    private readonly principals: Principals,
    @Inject(AUTH_STRUCTURE) private readonly structure: AuthStructure,
  ) {}

  /**
   * The principal; `undefined` for an anonymous request, one whose credential is refused, on `@Public()` HTTP routes and
   * outside a request. A GraphQL request may run fields with different rules at once, so there it is whoever the request is
   * from, on `@Public()` resolvers too: `@CurrentPrincipal()` knows the rule of its field.
   *
   * @throws Error without `context: true`
   * @throws AuthError `STORE_UNAVAILABLE` (503) when nobody can say whether a credential is good
   */
  async principal(): Promise<Principal | undefined> {
    const outcome = await this.outcome();
    return outcome.status === 'live' ? outcome.principal : undefined;
  }

  /**
   * The principal of a signed-in request.
   *
   * @throws AuthError `NOT_AUTHENTICATED`; why the credential is refused, such as `INVALID_ACCESS_TOKEN`; and as
   * `principal()` does
   */
  async require(): Promise<Principal> {
    const principal = principalIn(await this.outcome());
    if (principal === undefined) throw new AuthError('NOT_AUTHENTICATED');
    return principal;
  }

  /** @internal What is called within `next`, and nothing else, sees the request. */
  run(request: AuthRequest, next: () => void): void {
    this.requests.run(request, next);
  }

  private async outcome(): Promise<CredentialOutcome> {
    if (this.structure.context !== true) throw new Error('AuthContext needs `context: true` in AuthModule.forRoot().');
    const request = this.requests.getStore();
    if (request === undefined) return { status: 'none' };
    const site = callSiteOfRequest(request);
    const verdict = verdictOf(site);
    if (verdict === undefined) return this.principals.outcomeOf(site);
    return verdict.principal === undefined ? { status: 'none' } : { status: 'live', principal: verdict.principal };
  }
}
