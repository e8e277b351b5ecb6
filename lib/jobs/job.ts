/** What a run of a job is given. */
export interface JobRun {
  /** Aborts when the application shuts down: finish the step at hand and return. */
  readonly signal: AbortSignal;
}

/** Work in the background. Any number of instances may run it at once, unless it is to be alone. */
export interface Job {
  /** Such as `outbox`. */
  readonly name: string;
  readonly everyMs: number;
  /** One instance runs it at a time, and timers run it once in `everyMs` on all of them together. */
  readonly alone?: boolean;
  /** A bounded amount of work. Returns how many things it did; 0 when there was nothing to do. */
  run(run: JobRun): Promise<number>;
}
