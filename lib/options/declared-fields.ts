import type { StandardSchemaV1 } from '@standard-schema/spec';

/**
 * Names of the fields that a schema of an object declares. Standard Schema does not tell; valibot keeps them in
 * `entries`, zod in `shape`. For other schemas the list is empty, and they are refused at start.
 */
export function declaredFields(schema: StandardSchemaV1 | undefined): string[] {
  if (schema === undefined) return [];
  const { entries, shape } = schema as { entries?: unknown; shape?: unknown };
  return Object.keys(Object(entries ?? shape ?? {}) as object);
}
