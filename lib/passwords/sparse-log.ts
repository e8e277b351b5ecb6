import { performance } from 'node:perf_hooks';
import { Logger } from '@nestjs/common';
import { MINUTE_MS } from '../common/duration.js';

/** Logs the same complaint once a minute at most: whoever sends the requests must not fill the log. */
export class SparseLog {
  private readonly logger = new Logger('Gatehouse');
  private readonly said = new Map<string, number>();

  warn(line: string): void {
    if (this.isDue(line)) this.logger.warn(line);
  }

  error(line: string): void {
    if (this.isDue(line)) this.logger.error(line);
  }

  private isDue(line: string): boolean {
    const now = performance.now();
    if (now - (this.said.get(line) ?? -Infinity) < MINUTE_MS) return false;
    this.said.set(line, now);
    return true;
  }
}
