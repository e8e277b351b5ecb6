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
 * within the sides, and no measurement of one among those of the other. Medians apart alone say nothing.
 */
export function compareTimes(one: readonly number[], other: readonly number[]): TimeComparison {
  const centres = [median(one), median(other)] as const;
  const noise = median([
    ...one.map((time) => Math.abs(time - centres[0])),
    ...other.map((time) => Math.abs(time - centres[1])),
  ]);
  const differenceMs = Math.abs(centres[0] - centres[1]);
  const apart = Math.max(...one) < Math.min(...other) || Math.max(...other) < Math.min(...one);
  const detectableMs = Math.max(LEAST_MS, noise * THREE_SIGMA, apart ? 0 : differenceMs);
  return {
    differs: differenceMs > detectableMs,
    differenceMs: Math.round(differenceMs),
    detectableMs: Math.round(detectableMs),
  };
}

function median(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
