import { Clock, SystemClock } from '../common/clock.js';

/** A clock that stands still until it is moved. */
export class TestClock extends Clock {
  /** Default: the time at which it is made. */
  constructor(private nowMs = new SystemClock().now()) {
    super();
  }

  override now(): number {
    return this.nowMs;
  }

  advance(ms: number): void {
    this.nowMs += ms;
  }
}
