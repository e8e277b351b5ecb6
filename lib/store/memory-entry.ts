import type { AttemptState } from './attempt-budget.js';

/** One key of the in-memory store. */
export type MemoryEntry =
  | { readonly kind: 'value'; readonly value: string; readonly expiresAt: number }
  | { readonly kind: 'window'; readonly hits: number; readonly expiresAt: number }
  | { readonly kind: 'attempts'; readonly state: AttemptState; readonly expiresAt: number };

export function hitsOf(entry: MemoryEntry): number {
  if (entry.kind === 'window') return entry.hits;
  return entry.kind === 'attempts' ? entry.state.hits : 1;
}

export function isLocked(entry: MemoryEntry, now: number): boolean {
  return entry.kind === 'attempts' && entry.state.kind === 'lockout' && entry.state.lockedUntil > now;
}
