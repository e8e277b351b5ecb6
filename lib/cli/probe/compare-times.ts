/** No network is quieter. */
const LEAST_MS = 10;
/** From the median absolute deviation to three standard deviations of a normal distribution. */
const THREE_SIGMA = 3 * 1.4826;

export interface TimeComparison {
  readonly differs: boolean;
  readonly differenceMs: number;
  /** The smallest difference that would have been seen through this noise. */
  readonly detectableMs: number;
}

/**
 * Whether one side takes longer than the other, from few measurements: medians further apart than three times the noise
 * within the sides, and, without the slowest of each side, no measurement of one among those of the other.
 */
export function compareTimes(one: readonly number[], other: readonly number[]): TimeComparison {
  const centres = [median(one), median(other)] as const;
  const noise = median([
    ...one.map((time) => Math.abs(time - centres[0])),
    ...other.map((time) => Math.abs(time - centres[1])),
  ]);
  const differenceMs = Math.abs(centres[0] - centres[1]);
  const detectableMs = Math.max(LEAST_MS, noise * THREE_SIGMA);
  return {
    differs: differenceMs > detectableMs && areApart(one, other),
    differenceMs: Math.round(differenceMs),
    detectableMs: Math.round(detectableMs),
  };
}

/** Something else on the machine makes a measurement longer, never shorter. */
function areApart(one: readonly number[], other: readonly number[]): boolean {
  const [low, high] = [one, other].map(withoutSlowest).sort((a, b) => median(a) - median(b)) as [number[], number[]];
  return Math.max(...low) < Math.min(...high);
}

function withoutSlowest(times: readonly number[]): number[] {
  return times.toSorted((a, b) => a - b).slice(0, -1);
}

function median(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
