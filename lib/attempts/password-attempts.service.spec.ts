import { beforeEach, describe, expect, it } from 'vitest';
import {
  AttemptLab,
  ManualClock,
  OWNER,
  STRANGER,
  allChecked,
  checkedIn,
  type TryResult,
} from '../../test/support/attempt-lab.js';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../common/duration.js';

let clock: ManualClock;
let lab: AttemptLab;

beforeEach(() => {
  clock = new ManualClock();
  lab = new AttemptLab(clock);
});

describe('the account budget', () => {
  it('lets 5 of 200 wrong passwords at once be checked, then locks for 60 s', async () => {
    const results = await lab.atOnce(200, 'wrong', (index) => ({ ...OWNER, address: `198.51.100.${index}` }));
    expect(checkedIn(results)).toBe(5);
    expect(results.filter((result) => result === 1)).toHaveLength(195);
    expect(await lab.try('right', OWNER)).toBe(60);
  });

  it('says how long it is locked, which counts for nothing, and is unlocked', async () => {
    const account = { userId: OWNER.userId, emailCanonical: OWNER.identifier };
    await lab.inTurn(4, 'wrong', OWNER);
    for (let time = 0; time < 3; time += 1) expect(await lab.attempts.lockedForMs(account)).toBe(0);
    expect(await lab.inTurn(2, 'wrong', OWNER)).toEqual([...allChecked(1), 60]);
    expect(await lab.attempts.lockedForMs(account)).toBe(MINUTE_MS);
    clock.advance(20 * SECOND_MS);
    expect(await lab.attempts.lockedForMs(account)).toBe(40 * SECOND_MS);
    await lab.attempts.unlock(account);
    expect(await lab.attempts.lockedForMs(account)).toBe(0);
    expect(await lab.inTurn(6, 'wrong', OWNER)).toEqual([...allChecked(5), 60]);
  });

  it('locks nobody when ten right passwords come at once', async () => {
    expect(checkedIn(await lab.atOnce(10, 'right', () => OWNER))).toBe(5);
    expect(await lab.inTurn(20, 'right', OWNER)).toEqual(allChecked(20));
  });

  it.each(['right', 'no-verdict'] as const)('does not count %s', async (outcome) => {
    await lab.inTurn(50, outcome, OWNER);
    expect(await lab.inTurn(6, 'wrong', OWNER)).toEqual([...allChecked(5), 60]);
  });

  it('locks an identifier of nobody just like an account', async () => {
    const known: TryResult[] = [];
    const unknown: TryResult[] = [];
    for (const pause of [0, 0, 0, 0, 0, 0, 59_500, 500, 0, 0, 0, 0, 0, 120_000, 0]) {
      clock.advance(pause);
      known.push(await lab.try('wrong', { ...OWNER, address: '192.0.2.1' }));
      unknown.push(await lab.try('wrong', { identifier: 'nobody@example.com', address: '192.0.2.2' }));
    }
    expect(unknown).toEqual(known);
    expect(known).toContain(120);
  });

  it('is one for all identifiers of an account, and for all spellings of an unknown one', async () => {
    await lab.inTurn(3, 'wrong', OWNER);
    expect(await lab.inTurn(3, 'wrong', { userId: 'u1', identifier: 'owner' })).toEqual([...allChecked(2), 60]);
    await lab.inTurn(3, 'wrong', { identifier: 'nobody@example.com' });
    expect(await lab.inTurn(3, 'wrong', { identifier: ' NoBody@Example.com ' })).toEqual([...allChecked(2), 60]);
  });

  it('is nobody else’s', async () => {
    await lab.inTurn(5, 'wrong', OWNER);
    expect(await lab.try('wrong', { userId: 'u2', identifier: 'other@example.com' })).toBe('checked');
    expect(await lab.try('wrong', { identifier: 'u1' })).toBe('checked');
  });

  it('is each one’s own where accounts have no address', async () => {
    for (const userId of ['u1', 'u2']) {
      const account = { userId, emailCanonical: '' };
      for (let index = 0; index < 5; index += 1) {
        const attempt = await lab.attempts.begin({ address: '192.0.2.1', userAgent: '' }, STRANGER);
        await attempt.beginAccount({ account, identifier: `name of ${userId}` });
        expect((await attempt.settle('wrong')).lockedForMs).toBe(index === 4 ? MINUTE_MS : 0);
      }
    }
  });

  it('doubles the lock from 60 s to 1 h and is not prolonged by refused attempts', async () => {
    const locks: TryResult[] = [];
    for (let round = 0; round < 9; round += 1) {
      await lab.inTurn(5, 'wrong', { ...OWNER, address: `198.51.100.${round}` });
      const lock = await lab.try('right', OWNER);
      locks.push(lock);
      clock.advance(Number(lock) * SECOND_MS - 1);
      expect(await lab.inTurn(30, 'wrong', OWNER)).toEqual(new Array(30).fill(1));
      clock.advance(1);
    }
    expect(locks).toEqual([60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]);
  });

  it('remembers rounds for 24 h, longer than any lock', async () => {
    await lab.inTurn(5, 'wrong', OWNER);
    clock.advance(DAY_MS - 1);
    await lab.inTurn(5, 'wrong', OWNER);
    expect(await lab.try('right', OWNER)).toBe(120);
    clock.advance(DAY_MS);
    await lab.inTurn(5, 'wrong', OWNER);
    expect(await lab.try('right', OWNER)).toBe(60);
  });

  it('forgets failures when the window ends, which begins with the first', async () => {
    await lab.inTurn(4, 'wrong', OWNER);
    clock.advance(15 * MINUTE_MS);
    expect(await lab.inTurn(4, 'wrong', OWNER)).toEqual(allChecked(4));
    clock.advance(15 * MINUTE_MS - 1);
    expect(await lab.inTurn(2, 'wrong', OWNER)).toEqual(['checked', 60]);
  });

  it('counts an attempt that never ends as a failure until the window does', async () => {
    for (let index = 0; index < 5; index += 1) await lab.begin(OWNER);
    expect(await lab.try('right', OWNER)).toBe(1);
    clock.advance(15 * MINUTE_MS);
    expect(await lab.try('right', OWNER)).toBe('checked');
  });

  it('is cleared with its rounds after the last factor', async () => {
    await lab.inTurn(5, 'wrong', OWNER);
    clock.advance(MINUTE_MS);
    await lab.inTurn(4, 'wrong', OWNER);
    const attempt = await lab.begin(OWNER);
    await attempt.settle('right');
    await lab.attempts.forget(attempt.budget!);
    expect(await lab.inTurn(6, 'wrong', OWNER)).toEqual([...allChecked(5), 60]);
  });
});

describe('the address bucket', () => {
  it('holds 20 wrong passwords, refills one a minute and has no ladder', async () => {
    expect(checkedIn(await lab.spray(50, 'first'))).toBe(20);
    expect(await lab.try('right', { userId: 'u9' })).toBe(60);
    for (let minute = 1; minute <= 5; minute += 1) {
      clock.advance(MINUTE_MS);
      expect(checkedIn(await lab.spray(10, `minute${minute}-`))).toBe(1);
    }
    clock.advance(20 * MINUTE_MS);
    expect(checkedIn(await lab.spray(50, 'last'))).toBe(20);
  });

  it('is not refilled by signing in to an account of one’s own', async () => {
    let wrong = 0;
    for (let index = 0; index < 40; index += 1) {
      if ((await lab.try('wrong', { identifier: `name${index}@example.com` })) === 'checked') wrong += 1;
      const own = await lab.begin({ userId: 'mine' }).catch(() => undefined);
      await own?.settle('right');
      if (own !== undefined) await lab.attempts.forget(own.budget!);
    }
    expect(wrong).toBe(20);
  });

  it('lets an office of 500 behind one address sign in, one in twenty mistyping', async () => {
    lab = new AttemptLab(clock, { shared: ['203.0.113.0/24'] });
    let refused = 0;
    for (let person = 0; person < 500; person += 1) {
      const who = { userId: `p${person}`, address: '203.0.113.7' };
      if (person % 20 === 0 && (await lab.try('wrong', who)) !== 'checked') refused += 1;
      if ((await lab.try('right', who)) !== 'checked') refused += 1;
    }
    expect(refused).toBe(0);
  });

  it('is 25 times as large and fast for shared addresses alone', async () => {
    lab = new AttemptLab(clock, { shared: ['203.0.113.0/24'] });
    expect(checkedIn(await lab.spray(600, 'a', '203.0.113.7'))).toBe(500);
    expect(checkedIn(await lab.spray(600, 'b', '192.0.2.7'))).toBe(20);
    clock.advance(MINUTE_MS);
    expect(checkedIn(await lab.spray(600, 'c', '203.0.113.7'))).toBe(25);
    expect(checkedIn(await lab.spray(600, 'd', '192.0.2.7'))).toBe(1);
  });

  it('counts an IPv6 /64 as one address, and a /48 as five', async () => {
    expect(checkedIn(await lab.spray(300, 'a', (index) => `2001:db8:1:1::${index.toString(16)}`))).toBe(20);
    expect(checkedIn(await lab.spray(300, 'b', (index) => `2001:db8:1:${(index + 2).toString(16)}::1`))).toBe(80);
    expect(checkedIn(await lab.spray(300, 'c', '2001:db8:2::1'))).toBe(20);
  });
});
