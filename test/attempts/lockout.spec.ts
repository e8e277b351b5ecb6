import { afterEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { PASSWORD } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { newAccount, retryAfter, startGate, statuses, times, tryInTurn, tryPassword, type Gate } from './kit.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

let gate: Gate | undefined;
afterEach(async () => {
  await gate?.app.close();
  gate = undefined;
});

async function start(setup: Parameters<typeof startGate>[0] = {}) {
  const clock = new TestClock();
  gate = await startGate({ ...setup, clock });
  return { ...gate, clock };
}

function facts({ status, headers, text }: Answer): object {
  const names = [...headers.keys()].filter((name) => !['date', 'keep-alive'].includes(name));
  return { status, text, names: names.sort(), retryAfter: headers.get('retry-after') };
}

describe('the lock of an account', () => {
  it('is the same for an account, for a name of nobody, for a disabled and for a passwordless one', async () => {
    const { app, clock } = await start({ auth: { identifiers: ['email', 'handle'] } });
    await newAccount(app, 'known@example.com');
    await app.get(Accounts).create({ email: 'passwordless@example.com' });
    await app.get(Accounts).disable(await newAccount(app, 'disabled@example.com'));
    const names = [
      'known@example.com',
      'nobody@example.com',
      'nobody',
      'passwordless@example.com',
      'disabled@example.com',
    ];
    const seen: object[][] = names.map(() => []);
    // Past each lock of the ladder, and once within one.
    for (const pause of [0, 59 * SECOND, SECOND, 2 * MINUTE, 4 * MINUTE, DAY]) {
      clock.advance(pause);
      for (const [index, name] of names.entries()) seen[index]!.push(...(await tryInTurn(app, 7, name)).map(facts));
    }
    for (const other of seen) expect(other).toEqual(seen[0]);
    expect(seen[0]!.slice(0, 7).map((fact) => (fact as Answer).status)).toEqual([...times(5, 401), 429, 429]);
  });

  it('doubles from 60 s to 1 h, is not prolonged by trying, and holds for the right password', async () => {
    const { app, hasher, clock } = await start();
    await newAccount(app, 'ada@example.com');
    const locks: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      expect(statuses(await tryInTurn(app, 5, 'ada@example.com'))).toEqual(times(5, 401));
      const before = hasher.checked;
      const right = await tryPassword(app, 'ada@example.com', { password: PASSWORD });
      expect(right.body).toMatchObject({ statusCode: 429, code: 'TOO_MANY_ATTEMPTS' });
      locks.push(retryAfter(right));
      clock.advance(retryAfter(right) * SECOND - 1);
      const refused = await tryInTurn(app, 6, 'ada@example.com');
      expect(refused.map((answer) => [answer.status, retryAfter(answer)])).toEqual(new Array(6).fill([429, 1]));
      expect(hasher.checked).toBe(before);
      clock.advance(1);
    }
    expect(locks).toEqual([60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
    expect((await tryPassword(app, 'ada@example.com', { password: PASSWORD })).status).toBe(200);
  });

  it('starts the ladder anew after a sign-in, and after 24 h', async () => {
    const { app, clock } = await start();
    await newAccount(app, 'ada@example.com');
    const lock = async (): Promise<number> => {
      await tryInTurn(app, 5, 'ada@example.com');
      const [seconds] = (await tryInTurn(app, 1, 'ada@example.com')).map(retryAfter);
      clock.advance(seconds! * SECOND);
      return seconds!;
    };
    expect([await lock(), await lock()]).toEqual([60, 120]);
    expect((await tryPassword(app, 'ada@example.com', { password: PASSWORD })).status).toBe(200);
    expect([await lock(), await lock()]).toEqual([60, 120]);
    clock.advance(DAY);
    expect(await lock()).toBe(60);
  });

  it('forgets failures 15 min after the first', async () => {
    const { app, clock } = await start();
    await newAccount(app, 'ada@example.com');
    await tryInTurn(app, 4, 'ada@example.com');
    clock.advance(15 * MINUTE);
    expect(statuses(await tryInTurn(app, 6, 'ada@example.com'))).toEqual([...times(5, 401), 429]);
  });

  it('is one for e-mail address and handle, in any spelling of the address', async () => {
    const { app } = await start({ auth: { identifiers: ['email', 'handle'] } });
    await newAccount(app, 'ada@example.com', { handle: 'ada' });
    expect(statuses(await tryInTurn(app, 3, 'ada@example.com'))).toEqual(times(3, 401));
    expect(statuses(await tryInTurn(app, 2, 'ada'))).toEqual(times(2, 401));
    for (const name of ['ada', 'ada@example.com', ' ADA@Example.com ']) {
      expect((await tryPassword(app, name, { password: PASSWORD })).status).toBe(429);
    }
  });

  it('is one for all spellings of a name of nobody', async () => {
    const { app } = await start();
    for (const name of [
      'eve@example.com',
      'EVE@example.com',
      ' eve@EXAMPLE.com ',
      'Eve@Example.Com',
      'eve@example.com',
    ]) {
      expect((await tryPassword(app, name)).status).toBe(401);
    }
    expect((await tryPassword(app, 'eVe@example.com')).status).toBe(429);
  });

  it('comes from wrong passwords alone: forty right ones count for nothing', async () => {
    const { app } = await start();
    await newAccount(app, 'ada@example.com');
    expect(statuses(await tryInTurn(app, 40, 'ada@example.com', { password: PASSWORD, from: '192.0.2.1' }))).toEqual(
      times(40, 200),
    );
    expect(statuses(await tryInTurn(app, 6, 'ada@example.com', { from: '192.0.2.1' }))).toEqual([
      ...times(5, 401),
      429,
    ]);
  });
});
