import { pbkdf2 } from 'node:crypto';
import { performance } from 'node:perf_hooks';

const TRIALS = 3;
const TRIAL_ITERATIONS = 20_000;
/** A single slow run, in a moment when the machine was busy, must not slow down everybody from then on. */
const RUNS_TO_BELIEVE = 3;
const LEAST_MS = 0.05;

interface Pace {
  readonly shortestMs: number;
  readonly runs: number;
}

/**
 * Knows how long hashes take, and fills a shorter one up to the time of the longest with work of the same kind: a thread
 * of the pool that computes. So the filling stretches with the load as a hash does, where a timer would not.
 *
 * Times are the shortest that were seen, the first at start: what a hash takes when nothing is in its way.
 */
export class HashPace {
  private readonly paces = new Map<string, Pace>();
  private msPerIteration = Infinity;
  private tried: Promise<void> | undefined;

  /** @param current Parameters of the hash that every check takes as long as, if not longer. */
  constructor(private readonly current: string) {}

  async timed<T>(parameters: string, work: () => Promise<T>): Promise<T> {
    await (this.tried ??= this.trial());
    const begun = this.now();
    const result = await work();
    this.note(parameters, this.now() - begun);
    return result;
  }

  /** Takes the rest of the time that a check of these parameters has taken less than the longest known. */
  async fill(parameters: string): Promise<void> {
    const missingMs = this.longestMs() - (this.paces.get(parameters)?.shortestMs ?? 0);
    if (missingMs >= LEAST_MS) await this.spend(Math.max(1, Math.round(missingMs / this.msPerIteration)));
  }

  protected now(): number {
    return performance.now();
  }

  /** Keeps a thread of the pool computing. */
  protected burn(iterations: number): Promise<void> {
    return new Promise((resolve, reject) => {
      pbkdf2('', '', iterations, 32, 'sha256', (error) => (error === null ? resolve() : reject(error)));
    });
  }

  private note(parameters: string, ms: number): void {
    const { shortestMs, runs } = this.paces.get(parameters) ?? { shortestMs: ms, runs: 0 };
    this.paces.set(parameters, { shortestMs: Math.min(shortestMs, ms), runs: runs + 1 });
  }

  private longestMs(): number {
    let longest = 0;
    for (const [parameters, { shortestMs, runs }] of this.paces) {
      if (parameters === this.current || runs >= RUNS_TO_BELIEVE) longest = Math.max(longest, shortestMs);
    }
    return longest;
  }

  private async trial(): Promise<void> {
    for (let count = 0; count < TRIALS; count++) await this.spend(TRIAL_ITERATIONS);
  }

  private async spend(iterations: number): Promise<void> {
    const begun = this.now();
    await this.burn(iterations);
    this.msPerIteration = Math.min(this.msPerIteration, (this.now() - begun) / iterations);
  }
}
