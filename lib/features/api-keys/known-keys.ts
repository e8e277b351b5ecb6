/** What never changes of a key, while there is one. */
export interface KnownKey {
  readonly id: string;
  readonly userId: string;
  readonly hash: string;
}

/** About 3 MB when full. */
const MOST_KEYS = 10_000;

/**
 * Keys that this process has met: whose they are and what they hash to. Neither ever changes, so nothing has to be told when
 * a key is paused, limited or revoked; whether it is good is not known here.
 */
export class KnownKeys {
  private readonly entries = new Map<string, KnownKey>();

  get(id: string): KnownKey | undefined {
    return this.entries.get(id);
  }

  /** When full, the one that was met first makes room. */
  add(key: KnownKey): void {
    if (this.entries.size >= MOST_KEYS) {
      const [oldest] = this.entries.keys();
      if (oldest !== undefined) this.entries.delete(oldest);
    }
    this.entries.set(key.id, key);
  }
}
