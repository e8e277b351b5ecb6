import { hitsOf, isLocked, type MemoryEntry } from './memory-entry.js';
import { MemoryPartition } from './memory-partition.js';
import { OldestFirst } from './oldest-first.js';
import { storeUnavailable } from './store-unavailable.js';

interface Half {
  readonly entries: Map<string, MemoryEntry>;
  readonly oldest: OldestFirst;
}

/**
 * Budgets of failed attempts, in two halves. A new key enters the first and moves to the second with its second attempt;
 * a full half loses its oldest entry that is not locked. A flood of invented identifiers so pushes out only its own, and a
 * lock is never lost.
 */
export class AttemptsPartition extends MemoryPartition {
  private readonly newcomers: Half = makeHalf();
  private readonly returning: Half = makeHalf();

  override delete(key: string): void {
    this.newcomers.entries.delete(key);
    this.returning.entries.delete(key);
  }

  protected override find(key: string): MemoryEntry | undefined {
    return this.returning.entries.get(key) ?? this.newcomers.entries.get(key);
  }

  protected override write(key: string, entry: MemoryEntry, now: number): void {
    const held = [this.returning, this.newcomers].find((half) => half.entries.has(key));
    if (held === this.newcomers && hitsOf(entry) > 1 && this.hasRoom(this.returning, now)) {
      this.newcomers.entries.delete(key);
      this.returning.entries.set(key, entry);
      return;
    }
    if (held === undefined && !this.hasRoom(this.newcomers, now)) {
      this.lose();
      throw storeUnavailable(new Error('The in-memory store is full of locked attempt budgets.'));
    }
    (held ?? this.newcomers).entries.set(key, entry);
  }

  protected override isFull(): boolean {
    return this.newcomers.entries.size >= this.halfBound || this.returning.entries.size >= this.halfBound;
  }

  protected override *all(): Iterable<readonly [string, MemoryEntry]> {
    yield* this.newcomers.entries;
    yield* this.returning.entries;
  }

  private get halfBound(): number {
    return Math.max(1, Math.floor(this.bound / 2));
  }

  private hasRoom({ entries, oldest }: Half, now: number): boolean {
    if (entries.size < this.halfBound) return true;
    for (let left = entries.size; left > 0; left -= 1) {
      const key = oldest.next();
      const entry = key === undefined ? undefined : entries.get(key);
      if (key === undefined || entry === undefined) return false;
      entries.delete(key);
      if (!isLocked(entry, now)) {
        this.lose();
        return true;
      }
      entries.set(key, entry);
    }
    return false;
  }
}

function makeHalf(): Half {
  const entries = new Map<string, MemoryEntry>();
  return { entries, oldest: new OldestFirst(entries) };
}
