import { applyDecorators, Controller, UseGuards, UseInterceptors, VERSION_NEUTRAL } from '@nestjs/common';
import { AuthThrottlerGuard } from '../attempts/auth-throttler.guard.js';
import { AnswerInterceptor } from './answer.interceptor.js';

/**
 * A controller of Gatehouse: an ordinary Nest controller below the module's `path`, version neutral, with our rate limits
 * and answer headers. Global prefix, interceptors and filters of the host apply.
 */
export function AuthController(path = ''): ClassDecorator {
  return applyDecorators(
    Controller({ path, version: VERSION_NEUTRAL }),
    UseGuards(AuthThrottlerGuard),
    UseInterceptors(AnswerInterceptor),
  );
}
