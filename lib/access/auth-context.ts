import { AsyncLocalStorage } from 'node:async_hooks';
import { Inject, Injectable } from '@nestjs/common';
import type { Principal } from '../common/principal.js';
import { AuthError } from '../errors/auth-error.js';
import type { AuthStructure } from '../options/auth-options.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { callSiteOfRequest } from './call-site.js';
import { verdictOf } from './call-state.js';
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
   * The principal; `undefined` for an anonymous request, on `@Public()` routes and outside a request.
   *
   * @throws Error without `context: true`
   * @throws AuthError as `Principals.of` does
   */
  async principal(): Promise<Principal | undefined> {
    if (this.structure.context !== true) throw new Error('AuthContext needs `context: true` in AuthModule.forRoot().');
    const request = this.requests.getStore();
    if (request === undefined) return undefined;
    const site = callSiteOfRequest(request);
    const verdict = verdictOf(site);
    return verdict === undefined ? principalIn(await this.principals.outcomeOf(site)) : verdict.principal;
  }

  /**
   * The principal of a signed-in request.
   *
   * @throws AuthError `NOT_AUTHENTICATED`
   */
  async require(): Promise<Principal> {
    const principal = await this.principal();
    if (principal === undefined) throw new AuthError('NOT_AUTHENTICATED');
    return principal;
  }

  /** @internal What is called within `next`, and nothing else, sees the request. */
  run(request: AuthRequest, next: () => void): void {
    this.requests.run(request, next);
  }
}
