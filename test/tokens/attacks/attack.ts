import type { TokenAlgorithm } from '../../../lib/tokens/jws.js';
import type { Lab } from './lab.js';
import type { Defence } from './verifier-without.js';

/** A token that must not be believed. */
export interface Attack {
  readonly name: string;
  /** The fewest defences that all have to be missing for it to succeed. */
  readonly stoppedBy: readonly Defence[];
  /** Where it makes sense. Default: everywhere. */
  readonly on?: readonly TokenAlgorithm[];
  /** `undefined` when a header line cannot carry it. */
  readonly overHttp?: false;
  forge(lab: Lab): string;
}

/** One attack for each of these values. */
export function each<T>(
  what: string,
  values: readonly T[],
  stoppedBy: readonly Defence[] | ((value: T) => readonly Defence[]),
  forge: (lab: Lab, value: T) => string,
): Attack[] {
  return values.map((value) => ({
    name: `${what} ${shown(value)}`,
    stoppedBy: typeof stoppedBy === 'function' ? stoppedBy(value) : stoppedBy,
    forge: (lab) => forge(lab, value),
  }));
}

function shown(value: unknown): string {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 40)}… (${text.length})` : text;
}
