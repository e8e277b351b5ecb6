import type { EventOutcome } from '../../../events/auth-event.js';
import type { AuthEventType } from '../../../events/event-catalogue.js';

/** Which events are asked for. All that is said must hold. */
export interface AuditFilter {
  readonly types?: readonly AuthEventType[] | undefined;
  readonly outcome?: EventOutcome | undefined;
  /** The user who did it. */
  readonly actorId?: string | undefined;
  /** The user whom it concerns. */
  readonly subjectId?: string | undefined;
  /** The administrator who acted as somebody else. */
  readonly impersonatorId?: string | undefined;
  /** Client address, as the trail shows it. */
  readonly address?: string | undefined;
  /** The first moment. */
  readonly from?: Date | undefined;
  /** The moment after the last. */
  readonly to?: Date | undefined;
}

export interface AuditQuery extends AuditFilter {
  /** At most 100. Default 50. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** What a wrong proof of identity leaves behind. */
export const FAILED_SIGN_INS = [
  'sign_in.failed',
  'sign_in.refused',
  'sign_in.locked',
  'sign_in.stopped',
  'second_factor.locked',
  'oauth.failed',
  'refresh.reused',
] as const satisfies readonly AuthEventType[];
