import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Turns } from './turns.js';

it('lets work under one key follow in order, also after a failure, and under others run beside', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const step = (name: string, ms: number) => async (): Promise<void> => {
    seen.push(`${name} begins`);
    await delay(ms);
    seen.push(`${name} ends`);
  };
  const failing = turns.take('a', () => Promise.reject(new Error('no')));
  await Promise.all([
    expect(failing).rejects.toThrow('no'),
    turns.take('a', step('first', 30)),
    turns.take('a', step('second', 1)),
    turns.take('b', step('other', 1)),
  ]);
  expect(seen.indexOf('first ends')).toBeLessThan(seen.indexOf('second begins'));
  expect(seen.indexOf('other ends')).toBeLessThan(seen.indexOf('first ends'));
});
