import * as v from 'valibot';

/** What is typed to sign in with. No control characters: PostgreSQL refuses NUL in text, and no identifier has any. */
export const identifierSchema = v.pipe(
  v.string(),
  v.maxLength(254),
  v.check((text) => !/\p{Cc}/u.test(text), 'This contains characters that no identifier has.'),
);
