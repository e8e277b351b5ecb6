import * as v from 'valibot';

// No control characters: PostgreSQL refuses NUL in text, and no identifier has any.
const identifier = v.pipe(
  v.string(),
  v.maxLength(254),
  v.check((text) => !/\p{Cc}/u.test(text), 'This contains characters that no address has.'),
);

export const loginSchema = v.strictObject({
  email: identifier,
  password: v.string(),
  rememberMe: v.optional(v.boolean(), false),
  deliver: v.optional(v.picklist(['cookie', 'tokens']), 'cookie'),
});

export type LoginInput = v.InferOutput<typeof loginSchema>;
