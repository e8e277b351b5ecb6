/** One holder at a time, in the order of arrival. */
export class FifoLock {
  private tail: Promise<void> = Promise.resolve();

  /** Runs the work when everyone before has finished, whether they succeeded or not. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.tail.then(work);
    this.tail = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }
}
