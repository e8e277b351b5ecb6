import { describe, expect, it } from 'vitest';
import { letterPairIsCommon, looksLikeProse } from './guessable-text.js';

describe('a text reads as words', () => {
  it.each<[string, boolean]>([
    ['the quick brown fox', true],
    ['theinteresting', true],
    ['xqzkvwjq xqzk vwjq', false],
    ['q8Zk2LwX9vTn4RbY', false],
    // Three words, that one may know by their separation alone: at least 35 % of their pairs are common.
    ['b-RED', true],
    ["b'b a", true],
    ['b_xq b', false],
    // Nothing before the first separator is no word.
    ["'an", false],
    [" in'thingb", true],
    ['  mz xq', false],
    // Nine characters in ten are letters, spaces between them counted.
    ['in-9 9', true],
    ['', false],
    ['the qj7xk8z one', false],
  ])('%j: %s', (text, prose) => {
    expect(looksLikeProse(text)).toBe(prose);
  });
});

it('a pair of letters is common, or is not', () => {
  expect(letterPairIsCommon('t', 'h')).toBe(true);
  expect(letterPairIsCommon('h', 't')).toBe(false);
  expect(letterPairIsCommon('q', 'x')).toBe(false);
});
