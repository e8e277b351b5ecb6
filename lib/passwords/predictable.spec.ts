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
  ])('of %s is %i', (text, runs) => expect(countRuns(text)).toBe(runs));
});
