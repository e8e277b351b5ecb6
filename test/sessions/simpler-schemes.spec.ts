import { describe, expect, it } from 'vitest';
import { isSnapshot, isVersion, StagedStore, startStaged, type Gate, type StoreWrapper } from './kit.js';
import {
  changeCalled,
  seenAfterWipe,
  seenBesideSlowReader,
  seenByOneBornMeanwhile,
  twoInstances,
  type Lab,
} from './lab.js';

/** Schemes that look as good. Each must be seen to fail where ours holds, or the tests of ours would prove nothing. */
describe('a simpler scheme', () => {
  /** Deletes the snapshots that were there when the change began; the version never changes. */
  class DeletingStore extends StagedStore {
    private readonly known = new Set<string>();
    private listed: readonly string[] = [];
    private markGate: Gate | undefined;

    override async set(key: string, value: string, ttlMs: number): Promise<void> {
      if (isSnapshot(key)) this.known.add(key);
      if (!isVersion(key)) return super.set(key, value, ttlMs);
      this.listed = [...this.known];
      await super.set('unrelated', value, ttlMs);
      // The same point at which a test holds a mark.
      await this.markGate?.pass();
    }

    override async delete(key: string): Promise<void> {
      if (!isVersion(key)) return super.delete(key);
      await Promise.all(this.listed.map((snapshot) => super.delete(snapshot)));
    }

    override hold(step: 'mark' | 'fill'): Gate {
      const gate = super.hold(step);
      if (step === 'mark') this.markGate = gate;
      return gate;
    }
  }

  /** Marks, and leaves the mark to lapse by itself. */
  class MarkingStore extends StagedStore {
    override async delete(key: string): Promise<void> {
      if (!isVersion(key)) await super.delete(key);
    }
  }

  const roleGiven = changeCalled('a role that is given');
  const disabled = changeCalled('a disabled user');

  async function on<T>(Wrapper: StoreWrapper, work: (lab: Lab) => Promise<T>): Promise<T> {
    const app = await startStaged({}, Wrapper);
    return work({ writer: app, reader: app, wipe: async () => undefined, close: async () => undefined }).finally(() =>
      app.close(),
    );
  }

  it.each([roleGiven, disabled])('that deletes snapshots keeps what a slow reader fills: $what', async (change) => {
    expect(await on(DeletingStore, (lab) => seenBesideSlowReader(lab, change))).toEqual([true, true, false, false]);
  });

  it('that deletes the snapshots it listed misses those of a session born meanwhile', async () => {
    expect(await on(DeletingStore, (lab) => seenByOneBornMeanwhile(lab, roleGiven))).toEqual([false, false]);
  });

  it('that leaves its mark to lapse keeps what was filled after the mark was lost', async () => {
    const lab = await twoInstances(MarkingStore);
    try {
      expect(await seenAfterWipe(lab, disabled)).toEqual([false, false]);
    } finally {
      await lab.close();
    }
  });
});
