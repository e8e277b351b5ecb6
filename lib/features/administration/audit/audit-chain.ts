import { createHash } from 'node:crypto';
import type { AuditRow } from '../../../events/audit-row.entity.js';

/** What a link is made over: what no deletion of an account takes out of an event. */
export type ChainedEvent = Pick<
  AuditRow,
  'id' | 'at' | 'type' | 'outcome' | 'actorId' | 'impersonatorId' | 'subjectId' | 'sessionId'
>;

export const CHAINED_COLUMNS = [
  'id',
  'at',
  'type',
  'outcome',
  'actorId',
  'impersonatorId',
  'subjectId',
  'sessionId',
] as const satisfies readonly (keyof ChainedEvent)[];

/** The hash before the first event. */
export const CHAIN_START = '';

export function linkHash(previous: string, seq: number, event: ChainedEvent): string {
  const text = JSON.stringify(['gatehouse/audit/v1', previous, seq, ...CHAINED_COLUMNS.map((name) => event[name])]);
  return createHash('sha256').update(text).digest('base64url');
}
