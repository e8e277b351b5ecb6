import type { MemoryEntry } from './memory-entry.js';
import { MemoryPartition } from './memory-partition.js';
import { OldestFirst } from './oldest-first.js';

/** Versions and snapshots of sessions. When full the oldest goes: its loss costs one read of the database. */
export class CachePartition extends MemoryPartition {
  private readonly entries = new Map<string, MemoryEntry>();
  private readonly oldest = new OldestFirst(this.entries);

  override delete(key: string): void {
    this.entries.delete(key);
  }

  protected override find(key: string): MemoryEntry | undefined {
    return this.entries.get(key);
  }

  protected override write(key: string, entry: MemoryEntry): void {
    this.entries.delete(key);
    const oldest = this.isFull() ? this.oldest.next() : undefined;
    if (oldest !== undefined) {
      this.entries.delete(oldest);
      this.lose();
    }
    this.entries.set(key, entry);
  }

  protected override isFull(): boolean {
    return this.entries.size >= this.bound;
  }

  protected override all(): Iterable<readonly [string, MemoryEntry]> {
    return this.entries;
  }
}
