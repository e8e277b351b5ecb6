import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { AuthError } from '../errors/auth-error.js';
import { validate } from './validate.js';

/** Metadata of a handler: the schema of its body. API docs read it. */
export const INPUT_SCHEMA = Symbol('gatehouse:input-schema');

const CheckedBody = createParamDecorator(async (schema: StandardSchemaV1, context: ExecutionContext) => {
  const { body } = context.switchToHttp().getRequest<{ body?: unknown }>();
  const { value, problems } = await validate(schema, body ?? {});
  if (problems !== undefined) throw new AuthError('VALIDATION_FAILED', { details: problems });
  return value;
});

/**
 * The request body, checked against a Standard Schema. The host's pipes do not take part: a custom parameter is none of
 * theirs, and the check is over before they run. Throws `VALIDATION_FAILED` (400) with all problems at once.
 */
export function Input(schema: StandardSchemaV1): ParameterDecorator {
  return (target, key, index) => {
    if (key !== undefined) {
      Reflect.defineMetadata(INPUT_SCHEMA, schema, (target as Record<string | symbol, object>)[key]!);
    }
    CheckedBody(schema)(target, key, index);
  };
}
