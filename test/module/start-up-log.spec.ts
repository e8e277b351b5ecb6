import { afterEach, expect, it } from 'vitest';
import { STACKS, startApp, type TestApp } from '../support/app.js';

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

it.each(STACKS)('the start says which state is in memory, and only where it is ($store)', async (stack) => {
  const lines: string[] = [];
  const log = (...parts: unknown[]): void => void lines.push(parts.map(String).join(' '));
  running = await startApp({ ...stack, logger: { log, error: log, warn: log } });
  const said = lines.filter((line) => line.includes('kept in the memory of this process'));
  expect(said).toHaveLength(stack.store === 'memory' ? 1 : 0);
  if (stack.store === 'memory') expect(said[0]).toMatch(/a second process does not see them.*Set redis\.url/);
});
