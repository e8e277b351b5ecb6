import type { Trap } from './trap.js';

/** What vitest puts a value in for. */
const PLACEHOLDER = /%(?:\.\d+)?[sdifjo]|\$\w+/g;

/** A pattern for `vitest -t`: the tests of a trap, on its stand. */
export function namePattern({ test, where }: Trap): string {
  const name = test.split(PLACEHOLDER).map(literally).join('.*');
  // Values that a title names by `$` stand there in quotes.
  return where === undefined ? name : `${literally(where).replace(/\w+/g, "'?$&'?")}.*${name}`;
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
