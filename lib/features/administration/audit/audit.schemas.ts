import { isIP } from 'node:net';
import { canonicalAddress } from '../../../common/client-address.js';
import { AUTH_EVENTS, type AuthEventType } from '../../../events/event-catalogue.js';
import { invalid, oneOf, pageSize } from '../../../http/query.js';
import type { AuditQuery } from './audit-filter.js';

const MOMENT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;
const MAX_ID = 36;
const TYPES = Object.keys(AUTH_EVENTS) as AuthEventType[];

type Parameters = Readonly<Record<string, unknown>>;

const FILTERS = ['type', 'outcome', 'actorId', 'subjectId', 'impersonatorId', 'address', 'from', 'to'];
export const PAGE_PARAMETERS = [...FILTERS, 'limit', 'cursor'];

/** The filters of a list. A name that is none of ours is refused: a filter with a slip would show too much. */
export function auditQuery(parameters: Parameters): AuditQuery {
  onlyKnown(parameters, PAGE_PARAMETERS);
  const { type, outcome, actorId, subjectId, impersonatorId, address, limit, cursor } = parameters;
  return {
    types: types(type),
    outcome: oneOf('outcome', outcome, ['success', 'failure']),
    actorId: text('actorId', actorId),
    subjectId: text('subjectId', subjectId),
    impersonatorId: text('impersonatorId', impersonatorId),
    address: ipAddress(address),
    from: moment('from', parameters['from']),
    to: moment('to', parameters['to']),
    limit: pageSize(limit),
    cursor: cursor === undefined || typeof cursor === 'string' ? cursor : '',
  };
}

export function onlyKnown(parameters: Parameters, known: readonly string[]): void {
  const [unknown] = Object.keys(parameters).filter((name) => !known.includes(name));
  if (unknown !== undefined) throw invalid(unknown, 'unknown', 'There is no such parameter.');
}

/** A moment of ISO 8601 with its zone, or a day of UTC. */
export function moment(field: string, value: unknown): Date | undefined {
  if (value === undefined) return undefined;
  const at = typeof value === 'string' && MOMENT.test(value) ? new Date(value) : undefined;
  if (at !== undefined && !Number.isNaN(at.getTime())) return at;
  throw invalid(field, 'format', 'This is a moment such as 2027-01-31T00:00:00Z, or a day.');
}

export function wholeNumber(field: string, value: unknown, most: number): number | undefined {
  if (value === undefined) return undefined;
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : 0;
  if (number >= 1 && number <= most) return number;
  throw invalid(field, 'range', `This is a whole number from 1 to ${most}.`);
}

/** One or several, divided by commas. */
function types(value: unknown): readonly AuthEventType[] | undefined {
  if (value === undefined) return undefined;
  const names = typeof value === 'string' ? value.split(',') : [''];
  return names.map((name) => {
    const known = TYPES.find((each) => each === name);
    if (known === undefined) throw invalid('type', 'oneOf', 'This is an event of docs/events.md, or several.');
    return known;
  });
}

function text(field: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value !== '' && value.length <= MAX_ID && !/\p{C}/u.test(value)) return value;
  throw invalid(field, 'format', 'This is not an id.');
}

function ipAddress(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const address = typeof value === 'string' && isIP(value) !== 0 ? canonicalAddress(value) : undefined;
  if (address !== undefined) return address;
  throw invalid('address', 'format', 'This is not an IP address.');
}
