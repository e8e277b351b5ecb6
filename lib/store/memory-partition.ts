import { MINUTE_MS, SECOND_MS } from '../common/duration.js';
import type { MemoryEntry } from './memory-entry.js';

/** What is over is swept out this often, and at most this often while the partition is full. */
const SWEEP_MS = MINUTE_MS;
const SWEEP_WHEN_FULL_MS = SECOND_MS;

/** A bounded part of the in-memory store. Entries end lazily; each kind has its own rule for when it is full. */
export abstract class MemoryPartition {
  private sweptAt = 0;
  private lost = 0;

  /** @param onLoss called when something live was evicted or refused because the partition was full. */
  constructor(
    protected readonly bound: number,
    private readonly onLoss: () => void = () => undefined,
  ) {}

  /** Live entries evicted, or new ones refused, since the start. */
  get losses(): number {
    return this.lost;
  }

  get(key: string, now: number): MemoryEntry | undefined {
    const entry = this.find(key);
    if (entry === undefined || entry.expiresAt > now) return entry;
    this.delete(key);
    return undefined;
  }

  put(key: string, entry: MemoryEntry, now: number): void {
    if (now - this.sweptAt >= (this.isFull() ? SWEEP_WHEN_FULL_MS : SWEEP_MS)) this.sweep(now);
    this.write(key, entry, now);
  }

  abstract delete(key: string): void;
  protected abstract find(key: string): MemoryEntry | undefined;
  /** Stores, after making room where there is none. */
  protected abstract write(key: string, entry: MemoryEntry, now: number): void;
  protected abstract isFull(): boolean;
  protected abstract all(): Iterable<readonly [string, MemoryEntry]>;

  protected lose(): void {
    this.lost += 1;
    this.onLoss();
  }

  private sweep(now: number): void {
    this.sweptAt = now;
    for (const [key, entry] of this.all()) {
      if (entry.expiresAt <= now) this.delete(key);
    }
  }
}
