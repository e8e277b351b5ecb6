import * as v from 'valibot';

const UNPRINTABLE = /\p{C}+/gu;

/** A text in somebody's own words, kept on one line. Characters that belong in no line become a space. */
export function remarkSchema(longest: number) {
  return v.pipe(
    v.string(),
    v.maxLength(longest * 2),
    v.transform((text) => text.normalize('NFC').replace(UNPRINTABLE, ' ').trim()),
    v.minLength(1),
    v.maxLength(longest),
  );
}
