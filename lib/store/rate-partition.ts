import { hitsOf, type MemoryEntry } from './memory-entry.js';
import { MemoryPartition } from './memory-partition.js';
import { OldestFirst } from './oldest-first.js';

interface Peers {
  readonly keys: Set<string>;
  readonly oldest: OldestFirst;
}

/** Rate-limit windows. When full the one with the fewest hits goes, so invented keys push out one another. */
export class RatePartition extends MemoryPartition {
  private readonly entries = new Map<string, MemoryEntry>();
  private readonly peersByHits = new Map<number, Peers>();

  override delete(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    const peers = this.peersByHits.get(hitsOf(entry));
    peers?.keys.delete(key);
    if (peers?.keys.size === 0) this.peersByHits.delete(hitsOf(entry));
  }

  protected override find(key: string): MemoryEntry | undefined {
    return this.entries.get(key);
  }

  protected override write(key: string, entry: MemoryEntry): void {
    this.delete(key);
    if (this.isFull()) this.evict();
    this.entries.set(key, entry);
    this.peers(hitsOf(entry)).keys.add(key);
  }

  protected override isFull(): boolean {
    return this.entries.size >= this.bound;
  }

  protected override all(): Iterable<readonly [string, MemoryEntry]> {
    return this.entries;
  }

  private evict(): void {
    const fewest = Math.min(...this.peersByHits.keys());
    const oldest = this.peersByHits.get(fewest)?.oldest.next();
    if (oldest === undefined) return;
    this.delete(oldest);
    this.lose();
  }

  private peers(hits: number): Peers {
    const known = this.peersByHits.get(hits);
    if (known !== undefined) return known;
    const keys = new Set<string>();
    const peers = { keys, oldest: new OldestFirst(keys) };
    this.peersByHits.set(hits, peers);
    return peers;
  }
}
