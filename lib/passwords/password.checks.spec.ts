import { describe, expect, it } from 'vitest';
import type { PasswordOptions } from '../options/auth-options.js';
import type { AuthSettings } from '../options/auth-settings.js';
import { PasswordChecks } from './password.checks.js';

const run = (id: string, passwords: PasswordOptions) => {
  const settings = { passwords: { minLength: 15, cost: 12, composition: [], ...passwords } } as unknown as AuthSettings;
  return new PasswordChecks(settings)
    .checks()
    .find((check) => check.id === id)
    ?.run();
};

describe('PasswordChecks', () => {
  it.each([
    ['passwords.minimum', { minLength: 14 }, { minLength: 14, recommended: 15 }],
    ['passwords.cost', { cost: 9 }, { cost: 9, recommended: 10 }],
    ['passwords.composition', { composition: ['digit', 'upper'] as const }, { requiredClasses: 2 }],
  ])('%s fires', (id, passwords, evidence) => {
    expect(run(id, passwords)).toMatchObject({ status: 'finding', evidence });
  });

  it.each([
    ['passwords.minimum', { minLength: 15 }],
    ['passwords.cost', { cost: 10 }],
    ['passwords.composition', { composition: [] }],
  ])('%s is quiet', (id, passwords) => {
    expect(run(id, passwords)).toEqual({ status: 'passed' });
  });
});
