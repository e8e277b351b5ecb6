import type { StatePartition } from './state-store.js';

/** The partition that a key counts against, by its prefix. */
export function partitionOf(key: string): StatePartition {
  if (key.startsWith('gh:{')) return 'cache';
  if (key.startsWith('gh:rate:')) return 'rate';
  if (key.startsWith('gh:attempt:')) return 'attempts';
  return 'single-use';
}
