import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inTime } from './in-time.js';

const never = new Promise<never>(() => undefined);

it('gives what the work comes to', async () => {
  expect(await inTime(Promise.resolve(7), 1_000, () => 'late')).toBe(7);
});

it('passes on what the work throws', async () => {
  await expect(inTime(Promise.reject(new Error('broken')), 1_000, () => 'late')).rejects.toThrow('broken');
});

it('answers what is given for work that is late', async () => {
  expect(await inTime(never, 5, () => 'late')).toBe('late');
});

it('throws what is thrown for work that is late', async () => {
  const late = (): never => {
    throw new Error('too late');
  };
  await expect(inTime(never, 5, late)).rejects.toThrow('too late');
});

it('leaves no rejection behind when late work fails', async () => {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', listen);
  const failing = delay(20).then(() => Promise.reject(new Error('nobody waits')));
  expect(await inTime(failing, 5, () => 'late')).toBe('late');
  await delay(40);
  process.off('unhandledRejection', listen);
  expect(unhandled).toEqual([]);
});

it('does not ask for an answer once the work is done', async () => {
  let asked = 0;
  await inTime(Promise.resolve(), 5, () => (asked += 1));
  await delay(20);
  expect(asked).toBe(0);
});
