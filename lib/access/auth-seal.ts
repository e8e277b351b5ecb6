import type { CanActivate, ExecutionContext } from '@nestjs/common';

const JUDGED = Symbol('gatehouse:judged');

interface Sealed {
  [JUDGED]?: boolean;
}

/** Says that the guard has judged this very call. Global and route guards of one call share the context object. */
export function markJudged(context: ExecutionContext): void {
  (context as Sealed)[JUDGED] = true;
}

export function wasJudged(context: ExecutionContext): boolean {
  return (context as Sealed)[JUDGED] === true;
}

/**
 * What `@Auth()` and `@OptionalAuth()` bind to a handler. It has no dependencies and decides nothing: it refuses calls that
 * no guard of the module has judged, so that an application without `AuthModule` answers 500 instead of being open.
 */
export class AuthSeal implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (wasJudged(context)) return true;
    throw new Error(
      `${context.getClass().name}.${context.getHandler().name} carries @Auth(), but AuthModule does not guard this ` +
        'application. Import AuthModule.forRoot() in its root module.',
    );
  }
}
