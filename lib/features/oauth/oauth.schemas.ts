import * as v from 'valibot';
import { AuthError } from '../../errors/auth-error.js';
import { validate } from '../../http/validate.js';

const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const one = v.literal('1');

/** The query of `GET /oauth/:provider`. */
export const startSchema = v.strictObject({
  returnTo: v.optional(v.pipe(v.string(), v.maxLength(512))),
  remember: v.optional(one),
  deliver: v.optional(v.picklist(['cookie', 'tokens']), 'cookie'),
  code_challenge: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => CHALLENGE.test(text), 'This is no S256 code challenge.'),
    ),
  ),
  code_challenge_method: v.optional(v.literal('S256')),
  scope: v.optional(v.pipe(v.string(), v.maxLength(200))),
  reauthenticate: v.optional(one),
});

export type StartInput = v.InferOutput<typeof startSchema>;

export const linkSchema = v.strictObject({
  returnTo: v.optional(v.pipe(v.string(), v.maxLength(512))),
});

export type LinkInput = v.InferOutput<typeof linkSchema>;

/** Throws `VALIDATION_FAILED` (400) with all problems at once. */
export async function readStart(query: unknown): Promise<StartInput> {
  const { value, problems } = await validate<StartInput>(startSchema, { ...(query as object) });
  if (problems !== undefined) throw new AuthError('VALIDATION_FAILED', { details: problems });
  return value;
}

export function invalid(field: string, rule: string, message: string): AuthError {
  return new AuthError('VALIDATION_FAILED', { details: [{ field, rule, message }] });
}
