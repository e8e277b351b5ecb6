/** What a run of a job is given. */
export interface JobRun {
  /** Aborts when the application shuts down: finish the step at hand and return. */
  readonly signal: AbortSignal;
}

/** Work in the background that any number of instances may run at once. */
export interface Job {
  /** Such as `outbox`. */
  readonly name: string;
  readonly everyMs: number;
  /** A bounded amount of work. Returns how many things it did; 0 when there was nothing to do. */
  run(run: JobRun): Promise<number>;
}
