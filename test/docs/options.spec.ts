import { expect, it } from 'vitest';
import { durationMs } from '../../lib/common/duration.js';
import { optionsTable } from '../../lib/options/options-table.js';
import { page, rowsUnder } from './pages.js';

it('docs/options.md lists every option with its default, and no other', () => {
  const rows = rowsUnder(page('docs/options.md'), 'option');
  expect(rows.map(([path, , shown]) => ({ path, default: shown }))).toEqual(optionsTable());
  for (const [path, type, , meaning] of rows) {
    expect(type, path).not.toBe('');
    expect(meaning, path).not.toBe('');
  }
});

it('docs/sessions.md names the defaults of idle, absolute and fresh', () => {
  const defaults = new Map(optionsTable().map((row) => [row.path, row.default.replaceAll("'", '')]));
  const ms = (option: string) => durationMs(defaults.get(`sessions.${option}`) ?? '');
  const shown = (cell = '') => durationMs(cell.replace(' min', 'm').replace(' h', 'h').replace(' d', 'd'));
  const rows = rowsUnder(page('docs/sessions.md'), '').slice(0, 3);
  expect(rows.map(([, usual, remembered]) => [shown(usual), shown(remembered)])).toEqual([
    [ms('idle'), ms('rememberIdle')],
    [ms('absolute'), ms('rememberAbsolute')],
    [ms('fresh'), ms('fresh')],
  ]);
});
