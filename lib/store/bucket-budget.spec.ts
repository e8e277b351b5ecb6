import { expect, it } from 'vitest';
import { beginBucket, endBucket, type BucketState } from './bucket-budget.js';
import type { BucketBudget } from './state-store.js';

const NOW = 10_000;
const BUDGET: BucketBudget = { kind: 'bucket', limit: 3, refillMs: 100 };
const state = (drainedAt: number, inFlight: number, hits = 1): BucketState => ({
  kind: 'bucket',
  hits,
  drainedAt,
  inFlight,
});

it('is charged when an attempt begins, up to its limit', () => {
  expect(beginBucket(undefined, BUDGET, NOW)).toEqual({ begin: { allowed: true }, next: state(NOW + 100, 1) });
  expect(beginBucket(state(NOW + 200, 0, 2), BUDGET, NOW)).toEqual({
    begin: { allowed: true },
    next: state(NOW + 300, 1, 3),
  });
  expect(beginBucket(state(NOW + 201, 0), BUDGET, NOW)).toEqual({
    begin: { allowed: false, reason: 'exhausted', retryAfterMs: 1 },
  });
});

it.each([NOW, NOW - 1])('has forgotten everything at its end, %i', (drainedAt) => {
  expect(beginBucket(state(drainedAt, 2, 9), BUDGET, NOW).next).toEqual(state(NOW + 100, 1));
});

it('asks to wait a moment where what is under way fills it, and else until it has room', () => {
  const wait = (drainedAt: number, inFlight: number) => beginBucket(state(drainedAt, inFlight), BUDGET, NOW).begin;
  expect(wait(NOW + 300, 1)).toMatchObject({ retryAfterMs: 1_000 });
  expect(wait(NOW + 301, 1)).toMatchObject({ retryAfterMs: 101 });
  expect(wait(NOW + 300, 0)).toMatchObject({ retryAfterMs: 100 });
});

it('keeps the charge of a wrong attempt, and gives that of others back', () => {
  expect(endBucket(state(NOW + 200, 2), BUDGET, 'wrong', NOW)).toEqual(state(NOW + 200, 1));
  expect(endBucket(state(NOW + 200, 2), BUDGET, 'right', NOW)).toEqual(state(NOW + 100, 1));
  expect(endBucket(state(NOW + 200, 2), BUDGET, 'no-verdict', NOW)).toEqual(state(NOW + 100, 1));
  expect(endBucket(state(NOW + 100, 1), BUDGET, 'right', NOW)).toBeNull();
});

it('charges what was not charged any more, and gives it back to nobody', () => {
  expect(endBucket(undefined, BUDGET, 'wrong', NOW)).toEqual(state(NOW + 100, 0, 0));
  expect(endBucket(undefined, BUDGET, 'right', NOW)).toBeNull();
  expect(endBucket(state(NOW + 150, 0), BUDGET, 'right', NOW)).toEqual(state(NOW + 150, 0));
  // What has drained since can no longer be given back.
  expect(endBucket(state(NOW + 50, 3), BUDGET, 'wrong', NOW)).toEqual(state(NOW + 50, 0));
  expect(endBucket(state(NOW + 150, 3), BUDGET, 'wrong', NOW)).toEqual(state(NOW + 150, 1));
});
