import { isRecord, type Field } from './fields.js';
import type { PepperSettings } from './auth-settings.js';
import { childPath } from './problems.js';

const ID = /^[\w-]{1,16}$/;
const LEAST_BYTES = 32;

/** Peppers by id, one of which is for new passwords. */
export function pepper(): Field<PepperSettings | undefined> {
  return {
    kind: 'field',
    shownDefault: 'none',
    required: false,
    missing: () => undefined,
    parse(value, path, problems) {
      if (!isRecord(value) || typeof value['current'] !== 'string' || !isRecord(value['keys'])) {
        problems.add(path, "must be an object such as { current: 'p1', keys: { p1: process.env.PEPPER_1 } }.");
        return undefined;
      }
      const { current, keys } = value;
      for (const [id, key] of Object.entries(keys)) {
        const at = ID.test(id) ? childPath(`${path}.keys`, id) : `${path}.keys`;
        if (!ID.test(id)) problems.add(at, 'takes ids of 1 to 16 of A-Z a-z 0-9 _ -');
        if (typeof key !== 'string' || Buffer.byteLength(key) < LEAST_BYTES) {
          problems.add(at, `must be a secret of at least ${LEAST_BYTES} bytes.`);
        }
      }
      if (!Object.hasOwn(keys, current)) problems.add(`${path}.current`, 'must be the id of one of the keys.');
      return { current, keys: keys as Record<string, string> };
    },
  };
}
