import { Injectable, Logger } from '@nestjs/common';
import { AuthMetrics, type AuthCounter, type AuthTimer, type MetricLabels } from './auth-metrics.js';

/** What the kernel and the features measure with: nothing that the application's port does comes back to them. */
@Injectable()
export class Metrics {
  private readonly logger = new Logger('Gatehouse');
  private hasFailed = false;

  constructor(private readonly port: AuthMetrics) {}

  count(name: AuthCounter, labels: MetricLabels): void {
    this.tell(() => this.port.count(name, labels));
  }

  time(name: AuthTimer, ms: number, labels: MetricLabels): void {
    this.tell(() => this.port.time(name, ms, labels));
  }

  /** Carries out the work and times it, with the label `outcome`: `success`, or `failure` where it throws. */
  async timed<T>(name: AuthTimer, labels: MetricLabels, work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    const end = (outcome: 'success' | 'failure'): void =>
      this.time(name, performance.now() - begun, { ...labels, outcome });
    try {
      const result = await work();
      end('success');
      return result;
    } catch (error) {
      end('failure');
      throw error;
    }
  }

  /** A method that is written `async` may reject as well. */
  private tell(call: () => unknown): void {
    try {
      const answer = call();
      if (answer instanceof Promise) answer.catch((error: unknown) => this.complain(error));
    } catch (error) {
      this.complain(error);
    }
  }

  /** Once: it would be a line for every request. */
  private complain(error: unknown): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.logger.error('AuthMetrics has failed. Logged once.', error instanceof Error ? error.stack : undefined);
  }
}
