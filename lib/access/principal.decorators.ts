import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { callSiteOf } from './call-site.js';
import { verdictOf } from './call-state.js';

/**
 * The principal of the request: a `Principal`, or `undefined` where an anonymous request was let through. Always
 * `undefined` on `@Public()` routes.
 *
 * @example
 * list(\@CurrentPrincipal() who: Principal) { ... }
 */
export const CurrentPrincipal: () => ParameterDecorator = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => verdictOf(callSiteOf(context))?.principal,
);

/**
 * The application's own user entity, loaded when asked for and once a request. `undefined` where an anonymous request was
 * let through, or when the user was deleted a moment ago.
 */
export const CurrentUser: () => ParameterDecorator = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  verdictOf(callSiteOf(context))?.user(),
);
