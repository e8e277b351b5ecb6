import { describe, expect, it } from 'vitest';
import { compareTimes } from './compare-times.js';

describe('times of few measurements', () => {
  it('differ when the sides are apart by more than their noise', () => {
    expect(compareTimes([102, 98, 101, 99], [2, 3, 2, 4])).toMatchObject({ differs: true, differenceMs: 98 });
  });

  it('do not differ when they are apart by less than any network is quiet', () => {
    expect(compareTimes([10, 10, 11, 10], [2, 3, 2, 2])).toMatchObject({ differs: false, detectableMs: 10 });
  });

  it('are not known to differ while one of a side is among the others, however far the medians are', () => {
    const judged = compareTimes([60, 62, 61, 180], [110, 112, 111, 113]);
    expect(judged).toEqual({ differs: false, differenceMs: 50, detectableMs: 50 });
  });
});
