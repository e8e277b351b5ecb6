/** Within these, 1,000 pairs do not tell which of two it is: the deviation of the measure itself is 0.013. */
export const INDISTINCT = [0.45, 0.55] as const;

/**
 * How likely one of the first takes longer than one of the second (Mann-Whitney, ties count half): 0.5 where nobody could
 * tell them apart. It goes by ranks, so that one request that waited for the machine weighs as much as any.
 */
export function auc(first: readonly number[], second: readonly number[]): number {
  const all = [...first.map((ms) => ({ ms, own: true })), ...second.map((ms) => ({ ms, own: false }))];
  all.sort((a, b) => a.ms - b.ms);
  let ranks = 0;
  for (let from = 0; from < all.length;) {
    let to = from;
    while (to < all.length && all[to]!.ms === all[from]!.ms) to += 1;
    const rank = (from + to + 1) / 2;
    ranks += rank * all.slice(from, to).filter(({ own }) => own).length;
    from = to;
  }
  return (ranks - (first.length * (first.length + 1)) / 2) / (first.length * second.length);
}

export interface Timed {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** Something that is measured: answers how long it took, in milliseconds. */
export type Measured = () => Promise<number>;

/**
 * Measures pairs: each begins with the other one of the two, so that drift and what one leaves behind fall on both.
 * `between` comes before each pair and is not measured.
 */
export async function timePairs(
  count: number,
  first: Measured,
  second: Measured,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Timed> {
  const times = { first: [] as number[], second: [] as number[] };
  const warm = Math.ceil(count / 10);
  for (let pair = -warm; pair < count; pair += 1) {
    const order = pair % 2 === 0 ? (['first', 'second'] as const) : (['second', 'first'] as const);
    await between();
    for (const which of order) {
      const ms = await (which === 'first' ? first() : second());
      if (pair >= 0) times[which].push(ms);
    }
  }
  return times;
}
