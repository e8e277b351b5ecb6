import { describe, expect, it } from 'vitest';
import type { PasswordOptions } from '../options/auth-options.js';
import type { AuthSettings } from '../options/auth-settings.js';
import { PasswordPolicy } from './password-policy.js';

function policyWith(passwords: PasswordOptions = {}, environment = 'production') {
  const defaults = { minLength: 15, maxLength: 128, contextWords: [], blocklist: [], composition: [] };
  return new PasswordPolicy({
    environment,
    appName: 'Acme Shop',
    passwords: { ...defaults, ...passwords },
  } as unknown as AuthSettings);
}

const policy = policyWith();
const rules = (password: string, context = {}, asked = policy) =>
  asked.problems(password, context).map(({ rule }) => rule);

describe('PasswordPolicy', () => {
  it.each([
    'fdkzqwmhyepltsn',
    '840271593660817',
    'otters like tea',
    '  b q    k x zzt',
    'wholesome\0otter\0',
    '🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧🐦🐤🦆',
    '春眠不覚暁処処聞啼鳥夜来風雨声',
    'שלום לכולם מהגינה',
    'correct horse acme shop staple',
    'my password is a secret',
  ])('accepts any characters: %s', (password) => expect(rules(password)).toEqual([]));

  it('counts code points after NFC', () => {
    const emoji = [...'🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧🐦🐤🦆'];
    expect(rules(emoji.slice(0, 14).join(''))).toEqual(['minLength']);
    expect(rules(emoji.join(''))).toEqual([]);
    expect(rules('fdäkzöqwmühyel'.normalize('NFD'))).toEqual(['minLength']);
    expect(rules('fdäkzöqwmühyelp'.normalize('NFD'))).toEqual([]);
  });

  it('holds minimum and maximum to the character', () => {
    const text = 'fdkzqwmhyepltsnbvugrjcoxai'.repeat(5);
    expect(rules(text.slice(0, 14))).toEqual(['minLength']);
    expect(rules(text.slice(0, 128))).toEqual([]);
    expect(rules(text.slice(0, 129))).toEqual(['maxLength']);
    expect(rules('fdkzqwm', {}, policyWith({ minLength: 8 }))).toEqual(['minLength']);
    expect(rules('fdkzqwmh', {}, policyWith({ minLength: 8 }))).toEqual([]);
  });

  it('accepts 64 letters and 64 emoji of four bytes', () => {
    const foxes = Array.from({ length: 64 }, (_, index) => String.fromCodePoint(0x1f400 + ((index * 37) % 64))).join(
      '',
    );
    expect(Buffer.byteLength(foxes)).toBe(256);
    expect(rules(foxes)).toEqual([]);
    expect(rules('fdkzqwmhyepltsnbvugrjcoxai'.repeat(3).slice(0, 64))).toEqual([]);
  });

  it('refuses more than 1,024 bytes whatever the maximum says, also when it is 10 MB', () => {
    const generous = policyWith({ maxLength: 100_000_000 });
    expect(rules('春'.repeat(342), {}, generous)).toEqual(['maxBytes']);
    const huge = 'é'.normalize('NFD').repeat(5_000_000);
    const before = performance.now();
    expect(rules(huge)).toEqual(['maxLength', 'maxBytes']);
    expect(performance.now() - before).toBeLessThan(1_000);
  });

  it('refuses the names of the application and what simply derives from them', () => {
    const named = policyWith({ contextWords: ['Widgetorium'] });
    for (const password of [
      'acmeshop2026!!!!!!',
      'Acme Shop 2026!!!!',
      'ACME-SHOP-2026-!!',
      '!!!!!!!!acmeshop',
      'acmeshopacmeshop',
      'Widgetorium2026',
      'widgetoriumwidgetorium',
    ]) {
      expect(rules(password, {}, named)).toContain('context');
    }
    expect(rules('the widgetorium opens', {}, named)).toEqual([]);
    expect(rules('Widgetorium2026')).toEqual([]);
  });

  it('refuses the own address, its local part and the own name', () => {
    const context = { email: 'Jane.Featherstone+shop@example.com', values: ['Jane Q. Featherstone', ''] };
    for (const password of [
      'jane.featherstone+shop@example.com',
      'JANE.FEATHERSTONE+SHOP@EXAMPLE.COM',
      'jane.featherstone+shop',
      'jane.featherstone',
      'janefeatherstone1984!!',
      'Jane Q. Featherstone',
      'janeqfeatherstone',
    ]) {
      expect(rules(password, context)).toEqual(['context']);
      expect(rules(password, { email: 'someone@example.org' })).toEqual([]);
    }
    expect(rules('jane featherstone loves otters', context)).toEqual([]);
  });

  it('does not let a very short local part refuse unrelated passwords', () => {
    expect(rules('jo 1984-07-13 19', { email: 'jo@example.com' })).toEqual([]);
  });

  it('refuses what the application lists, as whole values without regard to case', () => {
    const listed = policyWith({ blocklist: ['Open Sesame Please'] });
    expect(rules('open sesame please', {}, listed)).toEqual(['blocklist']);
    expect(rules('open sesame please, door', {}, listed)).toEqual([]);
    expect(rules('open sesame please')).toEqual([]);
  });

  it('requires character classes only when told to, all at once', () => {
    const strict = policyWith({ composition: ['lower', 'upper', 'digit', 'symbol'] });
    expect(strict.problems('fdkzqwmhyepltsn')).toEqual([
      { field: 'password', rule: 'composition', message: 'Use an upper-case letter, a digit, a symbol.' },
    ]);
    expect(rules('Fdkzqwmhyep-lts7', {}, strict)).toEqual([]);
  });

  it('reports every broken rule at once', () => {
    const strict = policyWith({ composition: ['digit'], contextWords: ['password'] });
    expect(rules('password', {}, strict)).toEqual(['minLength', 'blocklist', 'context', 'composition']);
  });

  it('names the option in development alone, and never repeats the password', () => {
    const [development] = policyWith({}, 'development').problems('fdkzqwm');
    expect(development?.message).toBe('Use at least 15 characters. (option passwords.minLength)');
    const [production] = policy.problems('fdkzqwm');
    expect(production).toEqual({ field: 'password', rule: 'minLength', message: 'Use at least 15 characters.' });
    expect(JSON.stringify(policy.problems('acmeshop2026!!!!!!', {}))).not.toContain('acmeshop');
  });

  it('survives whatever text it is given', () => {
    for (const password of [
      '',
      '\0',
      '\ud800'.repeat(20),
      '__proto__',
      'constructor',
      ' '.repeat(1_024),
      '\u0301'.repeat(1_000),
    ]) {
      expect(() => policy.problems(password, { email: password, values: [password] })).not.toThrow();
    }
  });
});
