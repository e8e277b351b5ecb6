import { afterEach, describe, expect, it } from 'vitest';
import { Accounts, StateStore } from '../../lib/index.js';
import { UnlimitedStateStore } from '../../lib/testing/index.js';
import { PASSWORD, STACKS, startApp, type TestApp } from '../support/app.js';

const PAIRS = 2_000;

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** Real bcrypt at the cheapest cost: what is left to see is everything else. */
describe.each(STACKS)(`${PAIRS} pairs of sign-ins on $database and $store take as long`, (stack) => {
  it.each([
    ['a wrong password', 'known@example.com'],
    ['no password', 'passwordless@example.com'],
    ['a disabled account', 'disabled@example.com'],
  ])('for nobody as for %s', { timeout: 600_000 }, async (_, email) => {
    running = await startApp({
      ...stack,
      hasher: 'real',
      auth: { passwords: { cost: 4 } },
      override: (builder) => {
        builder.overrideProvider(StateStore).useClass(UnlimitedStateStore);
        return builder;
      },
    });
    const accounts = running.get(Accounts);
    await accounts.create({ email: 'known@example.com', password: PASSWORD });
    await accounts.create({ email: 'passwordless@example.com' });
    const disabled = await accounts.create({ email: 'disabled@example.com', password: PASSWORD });
    await accounts.disable(disabled!.id);
    const client = running.client();
    const timed = async (address: string): Promise<number> => {
      const begun = performance.now();
      expect((await client.signIn(address, 'a wrong password altogether')).status).toBe(401);
      return performance.now() - begun;
    };
    for (let warm = 0; warm < 200; warm += 1) await timed(warm % 2 === 0 ? email : 'nobody@example.com');

    const somebody: number[] = [];
    const nobody: number[] = [];
    for (let pair = 0; pair < PAIRS; pair += 1) {
      // The order alternates, so that drift of the machine falls on both.
      const first = pair % 2 === 0;
      if (first) somebody.push(await timed(email));
      nobody.push(await timed('nobody@example.com'));
      if (!first) somebody.push(await timed(email));
    }
    const ratio = median(somebody) / median(nobody);
    console.log(
      `${email}: medians ${median(somebody).toFixed(3)} ms and ${median(nobody).toFixed(3)} ms, ratio ${ratio.toFixed(4)}`,
    );
    expect(Math.abs(ratio - 1)).toBeLessThan(0.05);
  });
});

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
