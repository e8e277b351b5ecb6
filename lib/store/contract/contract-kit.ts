import { randomToken } from '../../common/random.js';
import type { StateStore } from '../state-store.js';

/** `describe` and `it` of vitest, jest, mocha or `node:test`. */
export interface ContractRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

export interface ContractStore {
  readonly store: StateStore;
  /** Lets this much time pass for the store: moves its clock, or sleeps. */
  readonly advance: (ms: number) => Promise<unknown>;
  readonly close: () => Promise<unknown>;
}

export interface ContractSubject {
  readonly name: string;
  /** A store for one test. It may hold other keys: every test makes names of its own. */
  readonly create: () => Promise<ContractStore>;
  /** Invented identifiers in the capacity test. Default 200,000. */
  readonly identifiers?: number;
}

export interface ContractContext extends ContractStore {
  /** A key that no other test uses. */
  readonly key: (prefix?: string) => string;
}

/** Past a point in time, for a store whose clock is not the test's. */
export const MARGIN_MS = 60;

export function storeTest(
  runner: ContractRunner,
  subject: ContractSubject,
  name: string,
  body: (context: ContractContext) => Promise<void>,
): void {
  runner.it(name, async () => {
    const made = await subject.create();
    try {
      await body({
        store: made.store,
        advance: (ms) => made.advance(ms),
        close: () => made.close(),
        key: (prefix = 'gh:contract:') => prefix + randomToken(),
      });
    } finally {
      await made.close();
    }
  });
}

/** Runs `work` this many times at once. */
export function atOnce<T>(times: number, work: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, (_, index) => work(index)));
}
