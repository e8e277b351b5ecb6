import { StateStore } from './state-store.js';
import { storeUnavailable } from './store-unavailable.js';

/** What an inspection has in place of a Redis that could not be reached, or was not to be. Every operation is refused. */
export class UnreachableStateStore extends StateStore {
  override readonly kind = 'shared';

  override get = refuse;
  override getMany = refuse;
  override set = refuse;
  override delete = refuse;
  override setIfAbsent = refuse;
  override take = refuse;
  override compareAndSet = refuse;
  override consume = refuse;
  override attemptBegin = refuse;
  override attemptEnd = refuse;
  override clear = refuse;
  override ping = refuse;

  /** @param problems what is wrong, without user and password. */
  constructor(readonly problems: readonly string[]) {
    super();
  }

  override connectedAt(): number {
    return 0;
  }

  override async close(): Promise<void> {}
}

async function refuse(): Promise<never> {
  throw storeUnavailable(new Error('Redis is not connected.'));
}
