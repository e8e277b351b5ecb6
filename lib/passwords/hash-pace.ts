import { performance } from 'node:perf_hooks';

/** Of a current hash: enough to measure by, and little to pay. */
const REFERENCE = 1 / 8;
const SAMPLES = 9;
/** A single slow run, in a moment when the machine was busy, must not slow down everybody from then on. */
const SAMPLES_TO_BELIEVE = 3;

/** Does the given share of the work of one current hash, in the same way, and answers which it has really done. */
export type Burn = (share: number) => Promise<number>;

/**
 * Knows how much work a check of another scheme is, as a share of one current hash, and fills up what a cheaper one
 * lacks with work of the current kind. A share is measured against a piece of a current hash in the same moment: so it
 * holds on an idle machine as on a busy one, where times do not.
 */
export class HashPace {
  private readonly samples = new Map<string, readonly number[]>();

  constructor(private readonly burn: Burn) {}

  /** A check whose share nobody knows. It is done with its reference, which counts as part of it. */
  async measured<T>(parameters: string, work: () => Promise<T>): Promise<T> {
    const begun = this.now();
    const result = await work();
    const between = this.now();
    const reference = await this.burn(REFERENCE);
    const referenceMs = Math.max(this.now() - between, Number.EPSILON);
    this.note(parameters, reference * (1 + (between - begun) / referenceMs));
    return result;
  }

  note(parameters: string, share: number): void {
    this.samples.set(parameters, [...(this.samples.get(parameters) ?? []), share].slice(-SAMPLES));
  }

  /** The work that is still due after a check of these parameters, for all to be as long as the longest. */
  async fill(parameters: string): Promise<void> {
    const missing = this.longest() - (median(this.samples.get(parameters)) ?? 1);
    if (missing > 0) await this.burn(missing);
  }

  protected now(): number {
    return performance.now();
  }

  private longest(): number {
    let longest = 1;
    for (const samples of this.samples.values()) {
      if (samples.length >= SAMPLES_TO_BELIEVE) longest = Math.max(longest, median(samples) ?? 1);
    }
    return longest;
  }
}

function median(values: readonly number[] = []): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
