import { invalid } from '../http/query.js';

/** In which order a list goes: by id, by address, by id among the holders of a role, or by when they were disabled. */
export type ListOrder = 'i' | 'a' | 'r' | 'd';

const CURSOR = /^([iard])\.([A-Za-z0-9_-]{1,600})$/;

/** Where a page ends, for people to hand back as it is. */
export function writeCursor(order: ListOrder, position: string): string {
  return `${order}.${Buffer.from(position, 'utf8').toString('base64url')}`;
}

/** Throws `VALIDATION_FAILED` (400) for what is no cursor, and for one of another order. */
export function readCursor(order: ListOrder, cursor: string): string {
  const [, of, text = ''] = CURSOR.exec(cursor) ?? [];
  const position = Buffer.from(text, 'base64url').toString('utf8');
  if (of !== order || position === '' || /\p{C}/u.test(position)) throw notOurs();
  return position;
}

export function notOurs(): Error {
  return invalid('cursor', 'format', 'This is not a cursor of this list.');
}
