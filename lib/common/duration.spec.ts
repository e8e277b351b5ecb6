import { describe, expect, it } from 'vitest';
import { durationMs } from './duration.js';

describe('durationMs', () => {
  it.each([
    ['1ms', 1],
    ['30s', 30_000],
    ['15m', 900_000],
    ['24h', 86_400_000],
    ['30d', 2_592_000_000],
    ['1.5s', 1_500],
  ])('reads %s', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(['', '15', '15min', '-1s', '1e3s', ' 1s', '1s ', '1 s', 'Infinitys', 'm', '1.s'])('refuses %j', (text) => {
    expect(durationMs(text)).toBeUndefined();
  });
});
