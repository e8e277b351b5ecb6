import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** What happens to one call of the database or the store. */
export const FAULTS = [
  'fails at once',
  'hangs past its deadline',
  'is lost before its effect',
  'is cut after its effect',
] as const;

/** `waits`: nothing happens to the call, but something else happens before it. */
export type Fault = (typeof FAULTS)[number] | 'waits';

interface Plan {
  readonly at: number;
  readonly fault: Fault;
  readonly meanwhile: (() => Promise<unknown>) | undefined;
}

/** Of a run that has been quiet for so long nothing more is to come. */
const QUIET_MS = 25;
/** What happens meanwhile may have to wait for locks that the call holds: then they meet later. */
const MEANWHILE_MS = 40;

const current = new AsyncLocalStorage<Run>();

/** One operation with what it leaves behind, and the n-th call of it that meets a fault. */
export class Run {
  /** Of the requests that belong to it. */
  readonly id = crypto.randomUUID();
  /** What it has called while it was armed, in order. */
  readonly calls: string[] = [];
  /** The call that met the fault. */
  hit: string | undefined;
  /** Epoch ms of a connection to the store that came back after it was lost. */
  reconnectedAt = 0;
  private plan: Plan | undefined;
  private lastCallAt = 0;
  private readonly pending = new Set<Promise<unknown>>();

  static get current(): Run | undefined {
    return current.getStore();
  }

  /** Whatever it begins is of this run. */
  enter(work: () => void): void {
    current.run(this, work);
  }

  arm(at: number, fault: Fault, meanwhile?: () => Promise<unknown>): void {
    this.plan = { at, fault, meanwhile };
  }

  disarm(): void {
    this.plan = undefined;
  }

  /** Counts a call and answers what is to happen to it. */
  async meet(call: string): Promise<Fault | undefined> {
    const { plan } = this;
    if (plan === undefined) return undefined;
    this.lastCallAt = performance.now();
    this.calls.push(call);
    if (this.calls.length !== plan.at) return undefined;
    this.hit = call;
    const { meanwhile } = plan;
    if (meanwhile !== undefined) await Promise.race([current.exit(meanwhile), delay(MEANWHILE_MS)]);
    return plan.fault;
  }

  /** Until it has ended, the run is not at rest. */
  track<T>(work: Promise<T>): Promise<T> {
    const ended = work
      .catch(() => undefined)
      .finally(() => {
        this.pending.delete(ended);
        this.lastCallAt = performance.now();
      });
    this.pending.add(ended);
    return work;
  }

  /** Everything that was begun has ended, and nothing new comes. */
  async rest(): Promise<void> {
    while (this.pending.size > 0 || performance.now() - this.lastCallAt < QUIET_MS) await delay(5);
  }
}
