import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS, PASSWORD, type StoreKind } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { freshAddress, newAccount, retryAfter, startGate, tryPassword, WRONG, type Gate } from './kit.js';

const STORES: readonly StoreKind[] = ['memory', 'redis'];
const EMAIL = 'ada@example.com';
const LIMIT = 5;

let gate: Gate | undefined;
afterEach(async () => {
  await gate?.app.close();
  gate = undefined;
});

function atOnce(count: number, ask: (index: number) => Promise<Answer>): Promise<Answer[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => ask(index)));
}

function expectRefused(answer: Answer): void {
  expect(answer.status).toBe(429);
  expect(answer.body).toMatchObject({ statusCode: 429, code: 'TOO_MANY_ATTEMPTS' });
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
}

describe.each(STORES.flatMap((store) => ADAPTERS.map((adapter) => ({ store, adapter }))))(
  'many passwords at once ($store, $adapter)',
  (stack) => {
    it.each([
      ['from one address', () => '192.0.2.7'],
      ['from as many addresses', () => freshAddress()],
    ])('200 wrong ones %s: five are checked, then nobody gets in, not even the owner', async (_, address) => {
      gate = await startGate(stack);
      const { app, hasher } = gate;
      await newAccount(app, EMAIL);
      const answers = await atOnce(200, () => tryPassword(app, EMAIL, { from: address() }));
      const checked = answers.filter(({ status }) => status === 401);
      expect(checked.length).toBe(hasher.checked);
      expect(hasher.checked).toBeLessThanOrEqual(LIMIT);
      for (const answer of answers.filter(({ status }) => status !== 401)) expectRefused(answer);

      // What was given back may be tried again: together never more than the limit.
      while (hasher.checked < LIMIT) await tryPassword(app, EMAIL);
      expectRefused(await tryPassword(app, EMAIL, { password: PASSWORD }));
      const again = await atOnce(50, () => tryPassword(app, EMAIL));
      for (const answer of again) expectRefused(answer);
      expect(hasher.checked).toBe(LIMIT);
    });

    it('200 wrong ones for a name of nobody: five are checked', async () => {
      gate = await startGate(stack);
      const { app, hasher } = gate;
      const answers = await atOnce(200, () => tryPassword(app, 'nobody@example.com'));
      expect(hasher.checked).toBeLessThanOrEqual(LIMIT);
      for (const answer of answers.filter(({ status }) => status !== 401)) expectRefused(answer);
    });

    it('ten right ones, retried as told: all get in and nobody is locked', async () => {
      gate = await startGate(stack);
      const { app } = gate;
      await newAccount(app, EMAIL);
      const politely = async (): Promise<number[]> => {
        const waited: number[] = [];
        for (;;) {
          const answer = await tryPassword(app, EMAIL, { password: PASSWORD });
          if (answer.status === 200) return waited;
          expectRefused(answer);
          waited.push(retryAfter(answer));
          await delay(retryAfter(answer) * 1_000);
        }
      };
      const waits = await Promise.all(Array.from({ length: 10 }, politely));
      expect(waits.flat().every((seconds) => seconds === 1)).toBe(true);
      // Not one of them has been counted: five wrong ones are checked, as ever.
      const wrong = [];
      for (let count = 0; count < LIMIT + 1; count += 1) wrong.push(await tryPassword(app, EMAIL, { password: WRONG }));
      expect(wrong.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429]);
    });
  },
);
