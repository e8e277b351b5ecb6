import type { MemoryEntry } from './memory-entry.js';
import { MemoryPartition } from './memory-partition.js';
import { storeUnavailable } from './store-unavailable.js';

/** Challenges and used-marks. When full a new one is refused: forgetting a used-mark would let it be used again. */
export class SingleUsePartition extends MemoryPartition {
  private readonly entries = new Map<string, MemoryEntry>();

  override delete(key: string): void {
    this.entries.delete(key);
  }

  protected override find(key: string): MemoryEntry | undefined {
    return this.entries.get(key);
  }

  protected override write(key: string, entry: MemoryEntry): void {
    if (this.isFull() && !this.entries.has(key)) {
      this.lose();
      throw storeUnavailable(new Error(`The in-memory store already holds ${this.bound} single-use entries.`));
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
