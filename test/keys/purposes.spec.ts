import { expect, it } from 'vitest';
import { KEY_PURPOSES } from '../../lib/options/key-purposes.js';
import { VALUE_OPTIONS } from '../../lib/options/value-options.js';
import { page, rowsUnder } from '../docs/pages.js';

it('docs/keys.md says of every key purpose what it makes, how long that lives and what a new secret does to it', () => {
  const rows = rowsUnder(page('docs/keys.md'), 'purpose');
  expect(rows.map(([purpose]) => purpose)).toEqual([...KEY_PURPOSES]);
  for (const [purpose, ...cells] of rows) {
    expect(cells, purpose).toHaveLength(4);
    expect(cells, purpose).not.toContain('');
  }
});

it('every purpose may have a secret of its own, and nothing long-lived is among them but what is sealed', () => {
  expect(Object.keys(VALUE_OPTIONS.secrets.fields).sort()).toEqual([...KEY_PURPOSES].sort());
  const lives = rowsUnder(page('docs/keys.md'), 'purpose').map(([purpose, , , life]) => [purpose, life]);
  expect(lives.filter(([, life]) => life === 'years')).toEqual([['seal', 'years']]);
});
