import { HttpException, Injectable, Logger, type ExecutionContext } from '@nestjs/common';
import { ClientAddresses } from '../attempts/client-addresses.service.js';
import { MINUTE_MS } from '../common/duration.js';
import type { Principal } from '../common/principal.js';
import { AuthError } from '../errors/auth-error.js';
import { EventRecorder } from '../events/event-recorder.js';
import { Metrics } from '../events/metrics.service.js';
import { StateStore } from '../store/state-store.js';
import { actorOf } from './actor.js';
import { addressedRequest } from './addressed-request.js';
import type { CallSite } from './call-site.js';

/** A full table would be the attack: what is refused more often than this is counted by the metrics alone. */
const ONE_ROW_A_MINUTE = { limit: 1, windowMs: MINUTE_MS };
const FORBIDDEN = 403;

/**
 * Tells of signed-in principals that were refused a handler (ASVS 5.0 V16.3.2). Nobody waits for it, and a refusal stands
 * whatever becomes of it.
 */
@Injectable()
export class AccessRefusals {
  private readonly logger = new Logger('Gatehouse');

  constructor(
    private readonly store: StateStore,
    private readonly events: EventRecorder,
    private readonly metrics: Metrics,
    private readonly addresses: ClientAddresses,
  ) {}

  /** One row of the audit trail, or none: one a minute for a session and a handler. */
  note(context: ExecutionContext, site: CallSite, principal: Principal, error: unknown): void {
    const code = codeOf(error);
    if (code === undefined) return;
    this.metrics.count('auth_access_refusals', { code });
    // To prove the identity once more, or the address, is asked of people; it is no verdict on them.
    if (code !== 'FORBIDDEN' && code !== 'IMPERSONATION_FORBIDDEN') return;
    const handler = `${context.getClass().name}.${context.getHandler().name}`;
    this.write(handler, site, principal).catch(() => this.logger.warn(`A refusal of ${handler} could not be recorded`));
  }

  private async write(handler: string, site: CallSite, principal: Principal): Promise<void> {
    const { userId, sessionId, via } = principal;
    const { allowed } = await this.store.consume(`gh:rate:refused:${sessionId}:${handler}`, ONE_ROW_A_MINUTE);
    if (!allowed) return;
    const request = addressedRequest(site);
    await this.events.write({
      type: 'access.refused',
      outcome: 'failure',
      ...actorOf(principal),
      subjectId: userId,
      client: request && this.addresses.of(request),
      details: { handler, transport: site.transport, via },
    });
  }
}

/** `undefined` for what is no refusal of the principal. A policy may throw an exception of its own. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof AuthError) return error.getStatus() === FORBIDDEN ? error.code : undefined;
  return error instanceof HttpException && error.getStatus() === FORBIDDEN ? 'FORBIDDEN' : undefined;
}
