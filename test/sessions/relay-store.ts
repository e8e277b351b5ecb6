import { StateStore } from '../../lib/index.js';

/** Hands every operation on to a real store. */
export class RelayStore extends StateStore {
  override readonly kind: 'memory' | 'shared';

  constructor(protected readonly inner: StateStore) {
    super();
    this.kind = inner.kind;
  }

  override get(key: string): Promise<string | null> {
    return this.inner.get(key);
  }
  override getMany(keys: readonly string[]): Promise<(string | null)[]> {
    return this.inner.getMany(keys);
  }
  override set(key: string, value: string, ttlMs: number): Promise<void> {
    return this.inner.set(key, value, ttlMs);
  }
  override delete(key: string): Promise<void> {
    return this.inner.delete(key);
  }
  override setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    return this.inner.setIfAbsent(key, value, ttlMs);
  }
  override take(key: string): Promise<string | null> {
    return this.inner.take(key);
  }
  override compareAndSet(key: string, expected: string, value: string, ttlMs: number): Promise<boolean> {
    return this.inner.compareAndSet(key, expected, value, ttlMs);
  }
  override consume(...args: Parameters<StateStore['consume']>): ReturnType<StateStore['consume']> {
    return this.inner.consume(...args);
  }
  override attemptBegin(...args: Parameters<StateStore['attemptBegin']>): ReturnType<StateStore['attemptBegin']> {
    return this.inner.attemptBegin(...args);
  }
  override attemptEnd(...args: Parameters<StateStore['attemptEnd']>): ReturnType<StateStore['attemptEnd']> {
    return this.inner.attemptEnd(...args);
  }
  override clear(key: string): Promise<void> {
    return this.inner.clear(key);
  }
  override connectedAt(): number {
    return this.inner.connectedAt();
  }
  override ping(): Promise<void> {
    return this.inner.ping();
  }
  override close(): Promise<void> {
    return this.inner.close();
  }
}
