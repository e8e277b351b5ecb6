import { performance } from 'node:perf_hooks';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SparseLog } from './sparse-log.js';

let now = 0;
const said: string[] = [];

beforeEach(() => {
  said.length = 0;
  now = 5;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: unknown) => void said.push(`warn ${String(line)}`));
  vi.spyOn(Logger.prototype, 'error').mockImplementation((line: unknown) => void said.push(`error ${String(line)}`));
});
afterEach(() => void vi.restoreAllMocks());

it('says a line at once, and again when a minute is over', () => {
  const log = new SparseLog();
  log.warn('no answer');
  now += 59_999;
  log.warn('no answer');
  expect(said).toEqual(['warn no answer']);
  now += 1;
  log.warn('no answer');
  log.warn('no answer');
  expect(said).toEqual(['warn no answer', 'warn no answer']);
});

it('counts the minute from what was said, not from what was kept back', () => {
  const log = new SparseLog();
  for (let seconds = 0; seconds <= 120; seconds += 20) {
    log.error('no answer');
    now += 20_000;
  }
  expect(said).toEqual(['error no answer', 'error no answer', 'error no answer']);
});

it('holds each line for itself', () => {
  const log = new SparseLog();
  log.warn('no answer');
  log.error('a wrong answer');
  log.error('no answer');
  expect(said).toEqual(['warn no answer', 'error a wrong answer']);
});
