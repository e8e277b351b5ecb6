import type { StandardSchemaV1 } from '@standard-schema/spec';
import { declaredFields } from './declared-fields.js';

/** What is wrong with a schema of columns. */
export function schemaProblem(value: unknown): string | undefined {
  const standard = (value as StandardSchemaV1 | undefined)?.['~standard'] as unknown;
  return typeof (standard as { validate?: unknown } | undefined)?.validate === 'function' &&
    declaredFields(value as StandardSchemaV1).length > 0
    ? undefined
    : 'must be an object schema of valibot or zod: nothing but the fields it names is ever written.';
}
