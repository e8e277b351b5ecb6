import { describe, expect, it } from 'vitest';
import { pepper } from './pepper.js';
import { Problems } from './problems.js';

const KEY = 'Jq7mW2xTnB5vKc9RzL4hYd8PfS1gAe6UoM3iQtZwCkE';

function read(value: unknown) {
  const problems = new Problems();
  const settings = pepper().parse(value, 'passwords.pepper', problems);
  return { settings, lines: problems.lines };
}

describe('passwords.pepper', () => {
  it.each([
    [{ current: 'p1', keys: { p1: KEY } }, 'p1'],
    [{ current: 'a-b_C9', keys: { 'a-b_C9': KEY, p2: KEY } }, 'a-b_C9'],
    [{ keys: { p1: KEY } }, undefined],
  ])('takes %o', (value, current) => {
    expect(read(value)).toEqual({ settings: { current, keys: value.keys }, lines: [] });
  });

  it.each<[string, unknown, string]>([
    ['a text', KEY, 'passwords.pepper'],
    ['no keys', { current: 'p1' }, 'passwords.pepper'],
    ['a list', { current: '0', keys: [KEY] }, 'passwords.pepper'],
    ['nothing in keys', { keys: {} }, 'passwords.pepper.keys'],
    ['a missing key', { current: 'p1', keys: { p1: undefined } }, 'passwords.pepper.keys.p1'],
    ['an empty key', { current: 'p1', keys: { p1: '' } }, 'passwords.pepper.keys.p1'],
    ['a short key', { current: 'p1', keys: { p1: KEY.slice(0, 31) } }, 'passwords.pepper.keys.p1'],
    ['a file', { current: 'p1', keys: { p1: KEY.repeat(100) } }, 'passwords.pepper.keys.p1'],
    ['a number', { current: 'p1', keys: { p1: 1e40 } }, 'passwords.pepper.keys.p1'],
    ['a current that is no key', { current: 'p2', keys: { p1: KEY } }, 'passwords.pepper.current'],
    ['a current that every object has', { current: 'toString', keys: { p1: KEY } }, 'passwords.pepper.current'],
    ['the key as current', { current: KEY, keys: { p1: KEY } }, 'passwords.pepper.current'],
    ['the key as id', { keys: { [KEY]: 'p1' } }, 'passwords.pepper.keys'],
    ['a long id', { keys: { ['p'.repeat(17)]: KEY } }, 'passwords.pepper.keys'],
    ['an id with a dollar', { keys: { p$1: KEY } }, 'passwords.pepper.keys'],
    ['a member that is none', { current: 'p1', keys: { p1: KEY }, key: KEY }, 'passwords.pepper'],
  ])('refuses %s, and shows none of it', (_, value, path) => {
    const { lines } = read(value);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.every((line) => line.startsWith(path))).toBe(true);
    expect(lines.join('\n')).not.toContain(KEY.slice(0, 8));
  });
});
