/** Longest unit whose repetition counts as predictable: eight characters said twice are no sixteen. */
const MAX_UNIT = 8;
/** Mean length from which runs make up a predictable text. Ordinary words and random text stay below 1.5. */
const MEAN_RUN = 3;
const MAX_COUNTER_DIGITS = 4;
/** From this length a unit need not be repeated in full: `passwordpasswor`, but not the word `decade`. */
const SHORTEST_CUT = 12;

const KEYBOARD = [
  '`1234567890-=',
  'qwertyuiop[]\\',
  "asdfghjkl;'",
  'zxcvbnm,./',
  'qwertzuiop',
  'yxcvbnm',
  'azertyuiop',
  'qsdfghjklm',
  'wxcvbn',
  'йцукенгшщзхъ',
  'фывапролджэ',
  'ячсмитьбю',
  ...['1qaz', '2wsx', '3edc', '4rfv', '5tgb', '6yhn', '7ujm', '8ik,', '9ol.', '0p;/'],
];
// The digit row with the shift key held, on a US keyboard.
const SHIFTED = new Map([...'!@#$%^&*()'].map((symbol, index) => [symbol, String((index + 1) % 10)]));

const NEIGHBOURS = neighbours();

/**
 * Whether a text, in lower case, is made by a rule that guessing tools know: one short unit repeated, ascending or
 * descending characters, walks along rows and columns of the keyboard, two of these interleaved, or counting.
 */
export function isPredictable(text: string): boolean {
  const characters = [...text];
  if (characters.length < MEAN_RUN) return false;
  if (characters.length > unitLength(characters) && unitLength(characters) <= MAX_UNIT) return true;
  const even = characters.filter((_, index) => index % 2 === 0);
  const odd = characters.filter((_, index) => index % 2 === 1);
  const runs = Math.min(runsOf(characters), runsOf(even) + runsOf(odd));
  return runs * MEAN_RUN <= characters.length || isCounting(text);
}

/** Into how many runs of equal, consecutive or neighbouring characters a text falls. Its length is the most. */
export function countRuns(text: string): number {
  return runsOf([...text]);
}

/** The unit that a text repeats at least twice (one and a half times when long), else the text itself. */
export function repeatedUnit(text: string): string {
  const characters = [...text];
  return characters.slice(0, unitLength(characters)).join('');
}

function unitLength(characters: readonly string[]): number {
  // Failure function of Knuth, Morris and Pratt: the length less the longest border is the smallest period.
  const border: number[] = [0];
  for (let index = 1, length = 0; index < characters.length; index++) {
    while (length > 0 && characters[index] !== characters[length]) length = border[length - 1] ?? 0;
    if (characters[index] === characters[length]) length++;
    border.push(length);
  }
  const period = characters.length - (border.at(-1) ?? 0);
  const least = characters.length < SHORTEST_CUT ? 2 : 1.5;
  return period * least <= characters.length ? period : characters.length;
}

function runsOf(characters: readonly string[]): number {
  const keys = characters.map((character) => SHIFTED.get(character) ?? character);
  let runs = keys.length === 0 ? 0 : 1;
  let open: readonly string[] | undefined;
  for (let index = 1; index < keys.length; index++) {
    const step = steps(keys[index - 1] ?? '', keys[index] ?? '');
    const kept = open === undefined ? step : step.filter((kind) => open?.includes(kind));
    if (kept.length === 0) runs++;
    open = kept.length === 0 ? undefined : kept;
  }
  return runs;
}

/** The kinds of run that may hold both characters, one after the other. */
function steps(from: string, to: string): readonly string[] {
  if (from === to) return ['same'];
  const kinds = [...(NEIGHBOURS.get(from + to) ?? [])];
  const distance = (to.codePointAt(0) ?? 0) - (from.codePointAt(0) ?? 0);
  if (Math.abs(distance) === 1 && /^[\p{L}\p{N}]{2}$/u.test(from + to)) kinds.push(distance > 0 ? 'up' : 'down');
  return kinds;
}

function neighbours(): ReadonlyMap<string, readonly string[]> {
  const pairs = new Map<string, string[]>([
    ['90', ['up']],
    ['za', ['up']],
    ['09', ['down']],
    ['az', ['down']],
  ]);
  KEYBOARD.forEach((row, number) => {
    for (const [direction, keys] of [[...row], [...row].reverse()].entries()) {
      keys.slice(1).forEach((key, index) => {
        const pair = `${keys[index]}${key}`;
        pairs.set(pair, [...(pairs.get(pair) ?? []), `${number}/${direction}`]);
      });
    }
  });
  return pairs;
}

/** `1234567891011` or `100999897`: at least three consecutive numbers; the last may be cut off. */
function isCounting(text: string): boolean {
  if (!/^\d+$/.test(text)) return false;
  for (let digits = 1; digits <= Math.min(MAX_COUNTER_DIGITS, Math.floor(text.length / 3)); digits++) {
    if ([1, -1].some((step) => counted(Number(text.slice(0, digits)), step, text.length) === text)) return true;
  }
  return false;
}

function counted(first: number, step: number, length: number): string {
  let text = '';
  for (let number = first; text.length < length; number += step) text += String(Math.abs(number));
  return text.slice(0, length);
}
