import { describe, expect, it } from 'vitest';
import { bare, folded, formsOf } from './password-forms.js';

describe('password forms', () => {
  it.each([
    'acme',
    'ACME',
    'ａｃｍｅ',
    'acme2026!!!!!!',
    '2026acme',
    '!!!Acme!!!',
    '1234567890acme',
    'acmeacmeacme',
    'acmeacmeac!',
    'acme2026acme2026',
    'a.c.m.e.',
    'Acme Acme 1',
    'acme12345678901234567890',
  ])('%s comes down to acme', (password) => expect(formsOf(password)).toContain('acme'));

  it.each(['my acme account', 'acmeology', 'acme8402715936608', 'xacme', 'acme and sons', 'acmé'])(
    '%s does not',
    (password) => expect(formsOf(password)).not.toContain('acme'),
  );

  it('folds case and width, and drops what separates', () => {
    expect(folded('Ｐass Word')).toBe('pass word');
    expect(bare("Jane O'Neil-Smith")).toBe('janeoneilsmith');
    expect([...formsOf('!!!')]).not.toContain('');
  });
});
