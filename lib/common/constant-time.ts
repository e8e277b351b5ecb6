import { timingSafeEqual } from 'node:crypto';

/**
 * Whether two texts are the same, in time that depends on their length alone. Compared as UTF-8 bytes, so that text
 * outside ASCII is simply unequal instead of an exception.
 */
export function constantTimeEqual(a: string, b: string): boolean {
  const left = Buffer.from(a, 'utf8');
  const right = Buffer.from(b, 'utf8');
  return left.length === right.length && timingSafeEqual(left, right);
}
