import { DAY_MS, MINUTE_MS } from '../../common/duration.js';
import type { FieldProblem } from '../../errors/auth-error.js';

/** How long a key may be asked to live. */
export const LIFE_MS = { least: MINUTE_MS, most: 400 * DAY_MS } as const;

const MAX_NAME = 80;

export function isKeyName(name: string): boolean {
  return name.trim() !== '' && name.length <= MAX_NAME && !/\p{C}/u.test(name);
}

export const NAME_RULE = 'A name has 1 to 80 characters that can be shown.';

export function nameProblem(name: string): readonly FieldProblem[] {
  return isKeyName(name) ? [] : [{ field: 'name', rule: 'format', message: NAME_RULE }];
}
