import { applyDecorators, Controller, SetMetadata, UseGuards, UseInterceptors, VERSION_NEUTRAL } from '@nestjs/common';
import { AuthThrottlerGuard } from '../attempts/auth-throttler.guard.js';
import { AnswerInterceptor } from './answer.interceptor.js';

/** Metadata of a controller: it is one of ours. */
export const OWN_CONTROLLER = Symbol('gatehouse:own-controller');

/**
 * A controller of Gatehouse: an ordinary Nest controller below the module's `path`, version neutral, with our rate limits
 * and answer headers. Global prefix, interceptors and filters of the host apply.
 */
export function AuthController(path = ''): ClassDecorator {
  return applyDecorators(
    Controller({ path, version: VERSION_NEUTRAL }),
    SetMetadata(OWN_CONTROLLER, true),
    UseGuards(AuthThrottlerGuard),
    UseInterceptors(AnswerInterceptor),
  );
}
