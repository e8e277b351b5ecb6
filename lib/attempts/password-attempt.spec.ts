import { beforeEach, describe, expect, it } from 'vitest';
import { AttemptLab, ManualClock, OWNER, STRANGER, allChecked, checkedIn } from '../../test/support/attempt-lab.js';
import { MINUTE_MS } from '../common/duration.js';
import { AuthError } from '../errors/auth-error.js';
import { MemoryStateStore } from '../store/memory-state-store.js';

type Begin = Parameters<MemoryStateStore['attemptBegin']>;
type End = Parameters<MemoryStateStore['attemptEnd']>;

let clock: ManualClock;
let lab: AttemptLab;

beforeEach(() => {
  clock = new ManualClock();
  lab = new AttemptLab(clock);
});

describe('an attempt', () => {
  it('reports the lock that it started, once', async () => {
    await lab.inTurn(4, 'wrong', OWNER);
    const attempt = await lab.begin(OWNER);
    expect(await attempt.settle('wrong')).toEqual({ lockedForMs: MINUTE_MS });
    expect(await attempt.settle('wrong')).toEqual({ lockedForMs: 0 });
  });

  it('settles each reservation once, whatever is said later', async () => {
    for (let index = 0; index < 4; index += 1) {
      const attempt = await lab.begin(OWNER);
      await attempt.settle('wrong');
      await Promise.all([attempt.settle('no-verdict'), attempt.settle('wrong'), attempt.settle('right')]);
    }
    expect(await lab.inTurn(2, 'wrong', OWNER)).toEqual(['checked', 60]);
  });

  it('gives the address back when the account refuses', async () => {
    await lab.inTurn(5, 'wrong', OWNER);
    await lab.inTurn(100, 'wrong', OWNER);
    expect(checkedIn(await lab.spray(30, 'name'))).toBe(15);
  });

  it('gives the address back when the store fails in between, and throws the store’s error', async () => {
    const store = new (class extends MemoryStateStore {
      override async attemptBegin(...[key, budget]: Begin) {
        if (key.includes('passwordByAccount')) throw new AuthError('STORE_UNAVAILABLE');
        return super.attemptBegin(key, budget);
      }
    })(clock);
    lab = new AttemptLab(clock, { store });
    for (let index = 0; index < 30; index += 1) {
      await expect(lab.begin(OWNER)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    }
  });

  it('fails closed when a verdict cannot be written, and still settles the rest', async () => {
    const ended: string[] = [];
    const store = new (class extends MemoryStateStore {
      override async attemptEnd(...[key, budget, outcome]: End) {
        if (key.includes('passwordByAddress')) throw new AuthError('STORE_UNAVAILABLE');
        ended.push(key);
        return super.attemptEnd(key, budget, outcome);
      }
    })(clock);
    lab = new AttemptLab(clock, { store });
    await expect((await lab.begin(OWNER)).settle('right')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect((await lab.begin(OWNER)).settle('no-verdict')).resolves.toEqual({ lockedForMs: 0 });
    expect(ended).toHaveLength(2);
  });

  it('names no identifier in its keys', async () => {
    const keys: string[] = [];
    const store = new (class extends MemoryStateStore {
      override attemptBegin(...[key, budget]: Begin) {
        keys.push(key);
        return super.attemptBegin(key, budget);
      }
    })(clock);
    lab = new AttemptLab(clock, { store });
    await lab.begin({ identifier: 'nobody@example.com' });
    await lab.begin(OWNER);
    expect(keys.join()).not.toMatch(/nobody|u1|example/);
    expect(keys.every((key) => key.startsWith('gh:attempt:password'))).toBe(true);
  });

  it('costs the same store operations for a name of nobody as for an account', async () => {
    let operations: string[] = [];
    const store = new (class extends MemoryStateStore {
      override attemptBegin(...[key, budget]: Begin) {
        operations.push(`begin ${budget.kind}`);
        return super.attemptBegin(key, budget);
      }
      override attemptEnd(...[key, budget, outcome]: End) {
        operations.push(`end ${budget.kind}`);
        return super.attemptEnd(key, budget, outcome);
      }
    })(clock);
    lab = new AttemptLab(clock, { store });
    await lab.try('wrong', OWNER);
    const known = operations;
    operations = [];
    await lab.try('wrong', { identifier: 'nobody@example.com' });
    expect(operations).toEqual(known);
    expect(known).toEqual(['begin bucket', 'begin lockout', 'end bucket', 'end lockout']);
  });
});

describe('a known browser', () => {
  const home = STRANGER.with('u1', 0);

  it('signs in while the account is locked and its address is spent', async () => {
    await lab.inTurn(5, 'wrong', OWNER);
    await lab.spray(30, 'name');
    expect(await lab.try('right', OWNER)).toBeGreaterThan(1);
    expect(await lab.try('right', { ...OWNER, devices: home })).toBe('checked');
  });

  it('never counts in the account’s or the address’s budget', async () => {
    for (let browser = 0; browser < 25; browser += 1) {
      await lab.inTurn(4, 'wrong', { ...OWNER, devices: STRANGER.with('u1', 0) });
    }
    expect(await lab.inTurn(5, 'wrong', OWNER)).toEqual(allChecked(5));
    expect(checkedIn(await lab.spray(30, 'name'))).toBe(15);
  });

  it('has 5 failures in 15 min, then is as unknown as any for that long', async () => {
    const by = { ...OWNER, devices: home };
    expect(await lab.inTurn(5, 'wrong', by)).toEqual(allChecked(5));
    const stranger = await lab.begin(by);
    expect(stranger.device).toBeUndefined();
    await stranger.settle('wrong');
    expect(await lab.inTurn(5, 'wrong', by)).toEqual([...allChecked(4), 60]);
    clock.advance(15 * MINUTE_MS);
    expect((await lab.begin(by)).device?.userId).toBe('u1');
  });

  it('lets 5 of 200 at once be checked', async () => {
    expect(checkedIn(await lab.atOnce(200, 'wrong', () => ({ ...OWNER, devices: home })))).toBe(5);
  });

  it('locks nothing when it is right many times at once', async () => {
    await lab.atOnce(10, 'right', () => ({ ...OWNER, devices: home }));
    expect(await lab.inTurn(10, 'right', { ...OWNER, devices: home })).toEqual(allChecked(10));
  });

  it('is known to the accounts it lists alone', async () => {
    const by = { userId: 'u2', identifier: 'other@example.com', devices: home };
    expect(await lab.inTurn(6, 'wrong', by)).toEqual([...allChecked(5), 60]);
  });

  it('uses the budget of its address for accounts it does not list, also for names of nobody', async () => {
    const own = STRANGER.with('mine', 0);
    const results = await lab.atOnce(60, 'wrong', (index) => ({
      devices: own,
      ...(index % 2 === 0 ? { userId: `v${index}` } : { identifier: `name${index}@example.com` }),
    }));
    expect(checkedIn(results)).toBe(20);
  });

  it('has its own budget cleared by a sign-in, not the account’s', async () => {
    const by = { ...OWNER, devices: home };
    await lab.inTurn(5, 'wrong', OWNER);
    await lab.inTurn(4, 'wrong', by);
    const attempt = await lab.begin(by);
    await attempt.settle('right');
    await lab.attempts.forget(attempt.budget!);
    expect(await lab.try('right', OWNER)).toBe(60);
    expect(await lab.inTurn(4, 'wrong', by)).toEqual(allChecked(4));
    expect((await lab.begin(by)).device).toBeDefined();
  });
});
