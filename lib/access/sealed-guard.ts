import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import { AccessGuard } from './access.guard.js';
import { markJudged } from './auth-seal.js';

/**
 * What stands behind `APP_GUARD`: the guard itself, or, when `overrides` or a test put another in its place, a wrapper
 * that seals what the other allows.
 */
export function sealedGuard(guard: CanActivate): CanActivate {
  return guard instanceof AccessGuard ? guard : new SealedGuard(guard);
}

class SealedGuard implements CanActivate {
  constructor(private readonly guard: CanActivate) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const answer = await this.guard.canActivate(context);
    const allowed = isObservable(answer) ? await lastValueFrom(answer) : answer;
    if (allowed) markJudged(context);
    return allowed;
  }
}
