import { countRuns, isPredictable, repeatedUnit } from './predictable.js';

/**
 * Most runs that may be stripped around a word: `2026!!!!!!` has five. Beyond it the rest of the password is what makes
 * it hard to guess.
 */
const MAX_DECORATION = 10;

/** A text for comparison without regard to case and to compatibility forms such as full-width letters. */
export function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

/** A folded text without what merely separates: spaces, punctuation, symbols. */
export function bare(text: string): string {
  return folded(text).replace(/[^\p{L}\p{M}\p{N}]/gu, '');
}

/**
 * What a password is compared as: itself, itself without separators, without digits and punctuation around it, and the
 * unit it repeats, in any combination. Always whole values: a password that merely contains a word has no such form.
 */
export function formsOf(password: string): ReadonlySet<string> {
  const forms = new Set([folded(password), bare(password)]);
  for (const form of forms) {
    forms.add(repeatedUnit(form));
    forms.add(undecorated(form));
  }
  forms.delete('');
  return forms;
}

/** A text without the digits, punctuation and symbols before its first and after its last letter. */
function undecorated(text: string): string {
  const match = /^([^\p{L}]*)(\p{L}(?:.*[\p{L}\p{M}])?)([^\p{L}\p{M}]*)$/su.exec(text);
  if (match === null) return text;
  const [, before = '', word = '', after = ''] = match;
  const isSimple = [before, after].map(complexity).reduce((sum, runs) => sum + runs) <= MAX_DECORATION;
  return isSimple ? word : text;
}

function complexity(decoration: string): number {
  return isPredictable(decoration) ? 1 : countRuns(decoration);
}
