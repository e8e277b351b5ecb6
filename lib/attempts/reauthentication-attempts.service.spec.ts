import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/attempt-lab.js';
import { AuthError } from '../errors/auth-error.js';
import { MemoryStateStore } from '../store/memory-state-store.js';
import type { AttemptOutcome } from '../store/state-store.js';
import { ReauthenticationAttempts } from './reauthentication-attempts.service.js';

const MINUTE_MS = 60_000;

describe('proofs of signed-in people', () => {
  const clock = new ManualClock();
  const attempts = new ReauthenticationAttempts(new MemoryStateStore(clock));

  /** What a try came to: the length of the lock it began, or `Retry-After` in seconds. */
  async function tryAs(userId: string, outcome: AttemptOutcome): Promise<{ lockedForMs: number } | number> {
    try {
      const attempt = await attempts.begin(userId);
      const settled = await attempt.settle(outcome);
      expect(await attempt.settle('wrong')).toEqual({ lockedForMs: 0 });
      return settled;
    } catch (error) {
      if (!(error instanceof AuthError) || error.code !== 'TOO_MANY_ATTEMPTS') throw error;
      return Number(error.headers['Retry-After']);
    }
  }

  it('three wrong within 5 min lock for 15 min, without a ladder', async () => {
    for (let round = 0; round < 2; round += 1) {
      expect(await tryAs('u1', 'wrong')).toEqual({ lockedForMs: 0 });
      expect(await tryAs('u1', 'wrong')).toEqual({ lockedForMs: 0 });
      expect(await tryAs('u1', 'wrong')).toEqual({ lockedForMs: 15 * MINUTE_MS });
      expect(await tryAs('u1', 'right')).toBe(900);
      expect(await tryAs('u2', 'right')).toEqual({ lockedForMs: 0 });
      clock.advance(15 * MINUTE_MS);
    }
  });

  it('what never came to a verdict does not count, nor what was 5 min ago', async () => {
    for (let times = 0; times < 10; times += 1) await tryAs('u3', 'no-verdict');
    for (let times = 0; times < 5; times += 1) {
      expect(await tryAs('u3', 'wrong')).toEqual({ lockedForMs: 0 });
      expect(await tryAs('u3', 'wrong')).toEqual({ lockedForMs: 0 });
      clock.advance(5 * MINUTE_MS);
    }
  });

  it('the last factor clears what was wrong before', async () => {
    for (let times = 0; times < 5; times += 1) {
      await tryAs('u4', 'wrong');
      await tryAs('u4', 'wrong');
      const attempt = await attempts.begin('u4');
      await attempt.settle('right');
      await attempt.clear();
    }
    expect(await tryAs('u4', 'wrong')).toEqual({ lockedForMs: 0 });
  });

  it('no more at once than may fail', async () => {
    const held = await Promise.all([attempts.begin('u5'), attempts.begin('u5'), attempts.begin('u5')]);
    await expect(attempts.begin('u5')).rejects.toMatchObject({ code: 'TOO_MANY_ATTEMPTS' });
    await Promise.all(held.map((attempt) => attempt.settle('right')));
    await (await attempts.begin('u5')).settle('right');
  });
});
