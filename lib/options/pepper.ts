import { isRecord, type Field } from './fields.js';
import type { PepperSettings } from './auth-settings.js';
import { childPath, type Problems } from './problems.js';

const ID = /^[\w-]{1,16}$/;
const MEMBERS: readonly string[] = ['current', 'keys'];
const LEAST_BYTES = 32;
/** Of a text that HMAC takes as a key without a thought; longer is a file that was meant for something else. */
const MOST_BYTES = 1_024;

/** Peppers by id, one of which is for new passwords. */
export function pepper(): Field<PepperSettings | undefined> {
  return {
    kind: 'field',
    shownDefault: 'none',
    required: false,
    missing: () => undefined,
    parse(value, path, problems) {
      const keys: unknown = isRecord(value) ? value['keys'] : undefined;
      if (!isRecord(value) || !isRecord(keys)) {
        problems.add(path, "must be an object such as { current: 'p1', keys: { p1: process.env.PEPPER_1 } }.");
        return undefined;
      }
      if (Object.keys(value).some((name) => !MEMBERS.includes(name))) problems.add(path, 'takes current and keys.');
      checkKeys(keys, `${path}.keys`, problems);
      const current = value['current'];
      if (current !== undefined && (typeof current !== 'string' || !Object.hasOwn(keys, current))) {
        problems.add(`${path}.current`, 'must be the id of one of the keys.');
        return undefined;
      }
      return { current, keys: { ...keys } as Record<string, string> };
    },
  };
}

function checkKeys(keys: Record<string, unknown>, path: string, problems: Problems): void {
  if (Object.keys(keys).length === 0) problems.add(path, 'must hold a pepper.');
  for (const [id, key] of Object.entries(keys)) {
    // What is no id may be the secret itself, in the wrong place.
    const at = ID.test(id) ? childPath(path, id) : path;
    if (!ID.test(id)) problems.add(at, 'takes ids of 1 to 16 of A-Z a-z 0-9 _ -.');
    const bytes = typeof key === 'string' ? Buffer.byteLength(key) : 0;
    if (bytes < LEAST_BYTES || bytes > MOST_BYTES) {
      problems.add(at, `must be a secret of ${LEAST_BYTES} to ${MOST_BYTES} bytes.`);
    }
  }
}
