import { Logger } from '@nestjs/common';
import type { Clock } from '../common/clock.js';
import { MINUTE_MS } from '../common/duration.js';
import { attemptExpiresAt, beginAttempt, endAttempt, type AttemptState } from './attempt-budget.js';
import { AttemptsPartition } from './attempts-partition.js';
import { CachePartition } from './cache-partition.js';
import type { MemoryEntry } from './memory-entry.js';
import type { MemoryPartition } from './memory-partition.js';
import { RatePartition } from './rate-partition.js';
import { SingleUsePartition } from './single-use-partition.js';
import { partitionOf } from './state-partition.js';
import { StateStore } from './state-store.js';
import type {
  AttemptBegin,
  AttemptBudget,
  AttemptEnd,
  AttemptOutcome,
  ConsumeResult,
  RateLimit,
  StatePartition,
} from './state-store.js';
import { wholeTtlMs } from './state-ttl.js';
import { storeUnavailable } from './store-unavailable.js';

/** Entries that each partition of the in-memory store holds. Default 100,000 each. */
export type MemoryBounds = Readonly<Record<StatePartition, number>>;

const DEFAULT_BOUND = 100_000;
const LOG_INTERVAL_MS = MINUTE_MS;

/** The state in the memory of one process: lost when it ends, and seen by no other. */
export class MemoryStateStore extends StateStore {
  override readonly kind = 'memory';
  private readonly logger = new Logger(MemoryStateStore.name);
  private readonly madeAt: number;
  private readonly partitions: Readonly<Record<StatePartition, MemoryPartition>>;
  private loggedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    bounds: Partial<MemoryBounds> = {},
  ) {
    super();
    this.madeAt = clock.now();
    const logged = (partition: StatePartition) => () => this.logLoss(partition);
    this.partitions = {
      cache: new CachePartition(bounds.cache ?? DEFAULT_BOUND),
      rate: new RatePartition(bounds.rate ?? DEFAULT_BOUND, logged('rate')),
      attempts: new AttemptsPartition(bounds.attempts ?? DEFAULT_BOUND, logged('attempts')),
      'single-use': new SingleUsePartition(bounds['single-use'] ?? DEFAULT_BOUND, logged('single-use')),
    };
  }

  /** Live entries that a full partition has evicted since the start; for `single-use`, new entries that it has refused. */
  evictions(): Record<StatePartition, number> {
    return {
      cache: this.partitions.cache.losses,
      rate: this.partitions.rate.losses,
      attempts: this.partitions.attempts.losses,
      'single-use': this.partitions['single-use'].losses,
    };
  }

  override async get(key: string): Promise<string | null> {
    return this.value(key);
  }

  override async getMany(keys: readonly string[]): Promise<(string | null)[]> {
    return keys.map((key) => this.value(key));
  }

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    this.put(key, { kind: 'value', value, expiresAt: this.clock.now() + wholeTtlMs(ttlMs) });
  }

  override async delete(key: string): Promise<void> {
    this.partition(key).delete(key);
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    if (this.entry(key) !== undefined) return false;
    await this.set(key, value, ttlMs);
    return true;
  }

  override async take(key: string): Promise<string | null> {
    const value = this.value(key);
    if (value !== null) this.partition(key).delete(key);
    return value;
  }

  override async compareAndSet(key: string, expected: string, value: string, ttlMs: number): Promise<boolean> {
    if (this.value(key) !== expected) return false;
    await this.set(key, value, ttlMs);
    return true;
  }

  override async consume(key: string, { limit, windowMs }: RateLimit): Promise<ConsumeResult> {
    const now = this.clock.now();
    const entry = this.entry(key);
    const hits = entry === undefined ? 0 : ofKind(entry, 'window').hits;
    const expiresAt = entry?.expiresAt ?? now + wholeTtlMs(windowMs);
    const resetMs = expiresAt - now;
    if (hits >= limit) return { allowed: false, remaining: 0, resetMs };
    this.put(key, { kind: 'window', hits: hits + 1, expiresAt });
    return { allowed: true, remaining: limit - hits - 1, resetMs };
  }

  override async attemptBegin(key: string, budget: AttemptBudget): Promise<AttemptBegin> {
    const { begin, next } = beginAttempt(this.attempts(key), budget, this.clock.now());
    if (next !== undefined) this.put(key, { kind: 'attempts', state: next, expiresAt: attemptExpiresAt(next) });
    return begin;
  }

  override async attemptEnd(
    key: string,
    budget: AttemptBudget,
    outcome: AttemptOutcome,
    window?: number,
  ): Promise<AttemptEnd> {
    const { end, next } = endAttempt(this.attempts(key), budget, outcome, this.clock.now(), window);
    if (next === null) this.partition(key).delete(key);
    else this.put(key, { kind: 'attempts', state: next, expiresAt: attemptExpiresAt(next) });
    return end;
  }

  override clear(key: string): Promise<void> {
    return this.delete(key);
  }

  override connectedAt(): number {
    return this.madeAt;
  }

  override async ping(): Promise<void> {}

  override async close(): Promise<void> {}

  private partition(key: string): MemoryPartition {
    return this.partitions[partitionOf(key)];
  }

  private entry(key: string): MemoryEntry | undefined {
    return this.partition(key).get(key, this.clock.now());
  }

  private put(key: string, entry: MemoryEntry): void {
    this.partition(key).put(key, entry, this.clock.now());
  }

  private value(key: string): string | null {
    const entry = this.entry(key);
    return entry === undefined ? null : ofKind(entry, 'value').value;
  }

  private attempts(key: string): AttemptState | undefined {
    const entry = this.entry(key);
    return entry && ofKind(entry, 'attempts').state;
  }

  private logLoss(partition: StatePartition): void {
    const now = this.clock.now();
    if (now - this.loggedAt < LOG_INTERVAL_MS) return;
    this.loggedAt = now;
    const what = partition === 'single-use' ? 'refuses new entries' : 'evicts entries';
    this.logger.warn(
      `The in-memory store is full and ${what}: ${partition}. Share the state through Redis (redis.url or redis.cluster).`,
    );
  }
}

function ofKind<K extends MemoryEntry['kind']>(entry: MemoryEntry, kind: K): Extract<MemoryEntry, { kind: K }> {
  if (entry.kind !== kind) throw storeUnavailable(new TypeError(`The key holds ${entry.kind}, not ${kind}.`));
  return entry as Extract<MemoryEntry, { kind: K }>;
}
