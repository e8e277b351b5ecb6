/** At once, where nobody has to be asked: a promise costs more than what it waits for here. */
export type Awaitable<T> = T | Promise<T>;

/** Not `instanceof`: what replaces the global `Promise`, as zone.js does, does not replace that of async functions. */
export function isAwaited<T>(value: Awaitable<T>): value is Promise<T> {
  return typeof (value as Partial<Promise<T>> | null | undefined)?.then === 'function';
}
