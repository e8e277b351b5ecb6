import type { ExecutionContext } from '@nestjs/common';
import type { Principal } from '../common/principal.js';

/**
 * A rule of your own for `@Auth({ policy })`: a provider of any of your modules, not request-scoped. Only `true` allows.
 * One that throws something other than an `HttpException`, or has not answered after 5 s, refuses with 503.
 */
export abstract class AccessPolicy {
  abstract allows(principal: Principal, context: ExecutionContext): boolean | Promise<boolean>;
}

/** The same as a plain function, where nothing is injected. */
export type PolicyFunction = (principal: Principal, context: ExecutionContext) => boolean | Promise<boolean>;
