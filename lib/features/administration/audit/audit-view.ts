import type { AuthEvent } from '../../../events/auth-event.js';
import type { AuditRow } from '../../../events/audit-row.entity.js';

/** One line of the audit trail. */
export type AuditEntry = AuthEvent;

export interface AuditPage {
  readonly items: readonly AuditEntry[];
  readonly nextCursor: string | null;
}

export function entryOf({ at, ...row }: AuditRow): AuditEntry {
  return { ...row, at: new Date(at) };
}
