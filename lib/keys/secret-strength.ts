import { KEYBOARD_ROWS, letterPairIsCommon, looksLikeProse, SAMPLE_WORDS } from './guessable-text.js';

/** Why a secret is too weak. `known`: made of words that stand in samples and tutorials. */
export const SECRET_WEAKNESSES = ['short', 'known', 'repeated', 'sequence', 'words', 'few-characters'] as const;

export type SecretWeakness = (typeof SECRET_WEAKNESSES)[number];

export interface SecretProblem {
  readonly reason: SecretWeakness;
  /** Length in UTF-8 bytes. */
  readonly bytes: number;
}

export const MIN_SECRET_BYTES = 32;

/** Below the 128 bits of ASVS 5.0 V11.2.3 by what an estimate over as few as 32 characters may miss. */
const MIN_BITS = 100;
const SHORTEST_REPEAT = 4;
const SHORTEST_RUN = 4;
/** Bits that a letter of ordinary text adds to the ones before it. */
const COMMON_PAIR_BITS = 1.2;
const ANALYSED_CHARACTERS = 4_096;

type Cause = Exclude<SecretWeakness, 'short' | 'few-characters'>;

/**
 * What is wrong with a secret, or nothing when it is good. The strength is estimated from the characters: those that a
 * guesser would get for nothing (sample words, repetitions, sequences, letters of ordinary words) count for little.
 * 32 random bytes as base64, base64url or hex always pass.
 */
export function secretProblem(secret: string): SecretProblem | undefined {
  const bytes = Buffer.byteLength(secret, 'utf8');
  if (bytes < MIN_SECRET_BYTES) return { reason: 'short', bytes };
  const text = secret.slice(0, ANALYSED_CHARACTERS);
  const causes = causesOf(text.toLowerCase(), looksLikeProse(text));
  const perCharacter = bitsPerCharacter(text);
  const bits = causes.reduce(
    (sum, cause) => sum + (cause === undefined ? perCharacter : costOf(cause, perCharacter)),
    0,
  );
  return bits >= MIN_BITS ? undefined : { reason: mainCause(causes), bytes };
}

/** For each character, why a guesser gets it cheaply. */
function causesOf(text: string, prose: boolean): readonly (Cause | undefined)[] {
  const causes = Array.from<unknown, Cause | undefined>({ length: text.length }, () => undefined);
  const mark = (from: number, to: number, cause: Cause) => {
    for (let index = from; index < to; index++) causes[index] ??= cause;
  };
  for (const word of SAMPLE_WORDS) {
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) mark(at, at + word.length, 'known');
  }
  markRuns(text, mark);
  markRepeats(text, mark);
  for (let index = 1; index < text.length; index++) {
    if (prose || letterPairIsCommon(text[index - 1]!, text[index]!)) mark(index, index + 1, 'words');
  }
  return causes;
}

type Mark = (from: number, to: number, cause: Cause) => void;

/** `abcd`, `4321`, `qwer`: each character is the neighbour of the one before, in one direction. */
function markRuns(text: string, mark: Mark): void {
  for (let start = 0, end = 1; start < text.length; start = end, end = start + 1) {
    const step = stepBetween(text[start]!, text[end]);
    while (step !== undefined && step !== 0 && stepBetween(text[end - 1]!, text[end]) === step) end++;
    if (end - start >= SHORTEST_RUN) mark(start + 1, end, 'sequence');
    else end = start + 1;
  }
}

function stepBetween(from: string, to: string | undefined): number | undefined {
  if (to === undefined) return undefined;
  const step = to.charCodeAt(0) - from.charCodeAt(0);
  if (Math.abs(step) <= 1) return step;
  const row = KEYBOARD_ROWS.find((keys) => keys.includes(from) && keys.includes(to));
  const keys = row === undefined ? 0 : row.indexOf(to) - row.indexOf(from);
  return Math.abs(keys) === 1 ? keys : undefined;
}

/** Characters that a look back at what was written before foretells. */
function markRepeats(text: string, mark: Mark): void {
  for (let index = 1; index < text.length;) {
    const length = longestRepeat(text, index);
    if (length >= SHORTEST_REPEAT) mark(index, index + length, 'repeated');
    index += length >= SHORTEST_REPEAT ? length : 1;
  }
}

function longestRepeat(text: string, at: number): number {
  let longest = 0;
  for (let from = 0; from < at; from++) {
    let length = 0;
    while (at + length < text.length && text[from + length] === text[at + length]) length++;
    longest = Math.max(longest, length);
  }
  return longest;
}

/** Shannon's estimate with the correction of Miller and Madow for short samples, at most the 6 bits of base64. */
function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const shares = [...counts.values()].map((count) => count / text.length);
  const shannon = shares.reduce((sum, share) => sum - share * Math.log2(share), 0);
  return counts.size === 1 ? 0 : Math.min(6, shannon + (counts.size - 1) / (2 * text.length * Math.LN2));
}

function costOf(cause: Cause, perCharacter: number): number {
  return cause === 'words' ? Math.min(perCharacter, COMMON_PAIR_BITS) : 0;
}

function mainCause(causes: readonly (Cause | undefined)[]): SecretWeakness {
  const ranked = (['known', 'repeated', 'sequence', 'words'] as const)
    .map((cause) => ({ cause, count: causes.filter((found) => found === cause).length }))
    .sort((a, b) => b.count - a.count);
  const [first] = ranked;
  return first !== undefined && first.count * 4 >= causes.length ? first.cause : 'few-characters';
}
