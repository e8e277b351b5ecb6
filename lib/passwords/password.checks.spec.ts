import { describe, expect, it } from 'vitest';
import type { Check } from '../checklist/check.js';
import type { PasswordOptions } from '../options/auth-options.js';
import type { AuthSettings } from '../options/auth-settings.js';
import { BreachedPasswords, NoBreachedPasswords } from './breached-passwords.js';
import { PasswordChecks } from './password.checks.js';
import { PwnedPasswords } from './pwned-passwords.js';
import type { StoredPasswords } from './stored-passwords.service.js';

const GOOD = 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC';
const OTHER = 'Jq7mW2xTnB5vKc9RzL4hYd8PfS1gAe6UoM3iQtZwCkE';
const NOTHING = { bcrypt: 0, scrypt: 0, argon2: 0 };

interface Setup {
  readonly passwords?: PasswordOptions;
  readonly breached?: BreachedPasswords;
  readonly imported?: StoredPasswords['imported'];
  readonly everybody?: boolean;
}

const run = (id: string, setup: Setup) =>
  checksOf(setup)
    .find((check) => check.id === id)
    ?.run();

function checksOf(setup: Setup): readonly Check[] {
  const { passwords = {}, breached = new NoBreachedPasswords(), imported = NOTHING, everybody = false } = setup;
  const settings = {
    secret: GOOD,
    secrets: { session: undefined, token: 'Ht5bXz8nQw2eRv6yUk3pLs9dFg1jMa4cOi7TxYrEqWZ' },
    acceptedSecrets: [{ secret: 'Vb3nMk8jHg2fDs6aPo9iUy1tRe5wQzXc4LvKjHtGyFd', use: 'unseal' }],
    passwords: { minLength: 15, cost: 12, composition: [], ...passwords },
    secondFactor: { everybody, roles: ['admin'] },
  } as unknown as AuthSettings;
  return new PasswordChecks(settings, { imported } as StoredPasswords, breached).checks();
}

const peppers = (keys: Record<string, string>): Setup => ({ passwords: { pepper: { current: 'p1', keys } } });

describe('PasswordChecks', () => {
  it('refuses a start for a pepper alone, and asks nobody but the database', () => {
    expect(checksOf({}).map(({ id, area, severity, work }) => [id, area, severity, work])).toEqual([
      ['passwords.minimum', 'passwords', 'warn', undefined],
      ['passwords.cost', 'passwords', 'warn', undefined],
      ['passwords.composition', 'passwords', 'note', undefined],
      ['passwords.pepper', 'passwords', 'refuse', undefined],
      ['passwords.breached', 'passwords', 'note', undefined],
      ['passwords.imported', 'passwords', 'note', 'asks'],
    ]);
  });

  it.each<[string, Setup, object]>([
    ['passwords.minimum', { passwords: { minLength: 14 } }, { minLength: 14, recommended: 15 }],
    ['passwords.cost', { passwords: { cost: 9 } }, { cost: 9, recommended: 10 }],
    ['passwords.composition', { passwords: { composition: ['digit', 'upper'] } }, { requiredClasses: 2 }],
    ['passwords.breached', {}, { lookUp: false }],
    ['passwords.imported', { imported: { bcrypt: 3, scrypt: 0, argon2: 1 } }, { bcrypt: 3, scrypt: 0, argon2: 1 }],
    ['passwords.imported', { imported: { bcrypt: 2, scrypt: 2, argon2: 0 } }, { bcrypt: 2, scrypt: 2, argon2: 0 }],
    ['passwords.imported', { imported: { bcrypt: 2, scrypt: 0, argon2: 2 } }, { bcrypt: 2, scrypt: 0, argon2: 2 }],
  ])('%s fires', (id, setup, evidence) => {
    expect(run(id, setup)).toMatchObject({ status: 'finding', evidence });
  });

  it.each<[string, Setup, string]>([
    ['is weak', peppers({ p1: 'abcdefghijklmnopqrstuvwxyz0123456789' }), 'keys[0].reason'],
    ['is the main secret', peppers({ p1: GOOD }), 'keys[0].reused'],
    ['is the main secret with a space', peppers({ p1: `${GOOD} ` }), 'keys[0].reused'],
    ['is that of a purpose', peppers({ p1: 'Ht5bXz8nQw2eRv6yUk3pLs9dFg1jMa4cOi7TxYrEqWZ' }), 'keys[0].reused'],
    ['is an accepted one', peppers({ p1: 'Vb3nMk8jHg2fDs6aPo9iUy1tRe5wQzXc4LvKjHtGyFd' }), 'keys[0].reused'],
    ['stands twice', peppers({ p1: OTHER, p2: OTHER }), 'keys[1].reused'],
  ])('passwords.pepper fires for one that %s, and shows neither it nor its id', (_, setup, field) => {
    const outcome = run('passwords.pepper', setup);
    expect(outcome).toMatchObject({ status: 'finding' });
    const shown = JSON.stringify(outcome);
    expect(shown).toContain(`passwords.pepper.${field}`);
    for (const key of Object.values(setup.passwords?.pepper?.keys ?? {})) expect(shown).not.toContain(key);
    expect(shown).not.toMatch(/"p[12]"/);
  });

  it.each<[string, Setup]>([
    ['passwords.minimum', { passwords: { minLength: 15 } }],
    ['passwords.minimum', { passwords: { minLength: 8 }, everybody: true }],
    ['passwords.cost', { passwords: { cost: 10 } }],
    ['passwords.composition', { passwords: { composition: [] } }],
    ['passwords.pepper', {}],
    ['passwords.pepper', peppers({ p1: OTHER })],
    ['passwords.breached', { breached: new PwnedPasswords() }],
    ['passwords.imported', {}],
  ])('%s is quiet', (id, setup) => {
    expect(run(id, setup)).toEqual({ status: 'passed' });
  });
});
