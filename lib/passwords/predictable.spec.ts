import { describe, expect, it } from 'vitest';
import { countRuns, isPredictable, repeatedUnit } from './predictable.js';

describe('isPredictable', () => {
  it.each([
    'aaaaaaaaaaaaaaa',
    '000000000000000',
    'abcabcabcabcabc',
    '123123123123123',
    'dragondragondragon',
    'dragondragondra',
    '123456789012345',
    '098765432109876',
    '12345678987654321',
    '111222333444555',
    '122333444455555',
    'abcdefghijklmno',
    'zyxwvutsrqponml',
    'абвгдежзийклмно',
    'qwertyuiopasdfg',
    'poiuytrewqlkjhg',
    'qwertzuiopasdfg',
    'azertyuiopqsdfg',
    'йцукенгшщзфывап',
    '1qaz2wsx3edc4rfv',
    'qazwsxedcrfvtgb',
    '!@#$%^&*()qwert',
    'q1w2e3r4t5y6u7i8',
    '1a2b3c4d5e6f7g8h',
    '1234qwerasdfzxcv',
    '123456789qwerty',
    '1234567891011121',
    '1001011021031041',
    '1514131211109876',
    '102030405060708090',
    'x'.repeat(128),
    '1234567890'.repeat(12),
  ])('holds %s for predictable', (text) => expect(isPredictable(text)).toBe(true));

  it.each([
    '',
    'ab',
    'correct horse battery',
    'wholesomeotters',
    'fdkzqwmhyepltsn',
    '840271593660817',
    '19840713kaninchen',
    'the quick brown fox',
    '春眠不覚暁処処聞啼鳥夜来風雨声',
    'שלום לכולם מהגינה',
    '🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧🐦🐤🦆',
    'fdkzqwmhyepltsnfdkzqwmhyepltsn',
  ])('does not hold %s for predictable', (text) => expect(isPredictable(text)).toBe(false));

  it.each([
    ['ab', false],
    ['aaa', true],
    ['abc', true],
    // Eight characters said twice, and nine.
    ['fdkzqwmhfdkzqwmh', true],
    ['fdkzqwmhyfdkzqwmhy', false],
    // Runs of three on average, and just below.
    ['abcqrsklm', true],
    ['abcqrsklmx', false],
    ['abcqrskl', false],
    // Two runs, interleaved.
    ['azbycx', true],
    ['azbycxk', false],
  ])('draws its lines: %s is %s', (text, is) => expect(isPredictable(text)).toBe(is));

  it.each([
    ['137138139140', true],
    ['140139138137', true],
    ['1370137113721373', true],
    ['13700137011370213703', false],
    // The last number may be cut off, but it takes three.
    ['13713813914', true],
    ['137138139', true],
    ['13713813', false],
    ['x137138139140', false],
    ['137138139140x', false],
    ['137138141140', false],
    ['3210123', true],
  ])('knows counting: %s is %s', (text, is) => expect(isPredictable(text)).toBe(is));

  it('stays fast on the longest password', () => {
    const before = performance.now();
    isPredictable('ab'.repeat(511) + 'c');
    isPredictable('9'.repeat(1_024));
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});

describe('repeatedUnit', () => {
  it.each([
    ['passwordpassword', 'password'],
    ['passwordpasswor', 'password'],
    ['passwordpas', 'passwordpas'],
    // From twelve characters on, and from one and a half times.
    ['passwordpass', 'password'],
    ['passwordspass', 'passwordspass'],
    ['dedade', 'dedade'],
    ['dede', 'de'],
    ['dededed', 'de'],
    ['ded', 'ded'],
    ['aabaaab', 'aabaaab'],
    ['aabaaabaabaaab', 'aabaaab'],
    ['decade', 'decade'],
    ['🦊🐻🦊🐻', '🦊🐻'],
    ['', ''],
  ])('of %s is %s', (text, unit) => expect(repeatedUnit(text)).toBe(unit));
});

describe('countRuns', () => {
  it.each([
    ['', 0],
    ['2026!!!!!!', 5],
    ['123', 1],
    ['xk', 2],
    ['k', 1],
    // On from the end to the beginning, in either direction.
    ['xyzabc', 1],
    ['cbazyx', 1],
    ['789012', 1],
    ['210987', 1],
    // One direction after the other.
    ['abcba', 2],
    ['aab', 2],
    ['abb', 2],
    ['qwe', 1],
    ['ewq', 1],
    ['qwewq', 2],
    ['qazwsx', 2],
    // With the shift key held.
    ['!@#', 1],
    ['1@3', 1],
    [')(*', 1],
    // Next to each other in the table of characters, but no letters or digits.
    ['+,', 2],
    ['<=>', 3],
    ['@a', 2],
    ['ac', 2],
    ['éè', 1],
  ])('of %s is %i', (text, runs) => expect(countRuns(text)).toBe(runs));
});
