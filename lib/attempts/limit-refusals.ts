import { Injectable, type ExecutionContext } from '@nestjs/common';
import type { AuthError } from '../errors/auth-error.js';
import { Metrics } from '../events/metrics.service.js';

const TOO_MANY_REQUESTS = 429;

/** Counts what a lock or a limit refuses. It is no event: a full audit trail would be the attack. */
@Injectable()
export class LimitRefusals {
  constructor(private readonly metrics: Metrics) {}

  /** Of errors that an endpoint of ours answers with. */
  note(context: ExecutionContext, error: AuthError): void {
    if (error.getStatus() !== TOO_MANY_REQUESTS) return;
    const handler = `${context.getClass().name}.${context.getHandler().name}`;
    this.metrics.count('auth_refusals', { code: error.code, handler });
  }
}
