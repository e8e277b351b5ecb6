import { show, type Field, type Read, type Shape } from './fields.js';
import { readGroup } from './read-group.js';

/** A list of objects, each with the same options. What is given without a value is refused: it could only be a mistake. */
export function records<const S extends Shape>(fields: S): Field<readonly Read<S>[]> {
  return {
    kind: 'field',
    shownDefault: show([]),
    required: false,
    missing: () => [],
    parse(value, path, problems) {
      if (Array.isArray(value)) {
        return value.map((item, index) =>
          readGroup(fields, item, `${path}[${index}]`, { problems, refuseEmpty: true }),
        );
      }
      problems.add(path, 'must be a list.');
      return [];
    },
  };
}
