/** A time to live as Redis takes it: whole milliseconds, at least 1. */
export function wholeTtlMs(ttlMs: number): number {
  if (!Number.isFinite(ttlMs)) throw new RangeError('A time to live must be a finite number of milliseconds.');
  return Math.max(1, Math.ceil(ttlMs));
}
