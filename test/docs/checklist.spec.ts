import { afterAll, beforeAll, expect, it } from 'vitest';
import { Checklist, type ChecklistEntry } from '../../lib/index.js';
import { AUTH_EVENTS } from '../../lib/events/event-catalogue.js';
import { optionsTable } from '../../lib/options/options-table.js';
import { startApp, type TestApp } from '../support/app.js';
import { page, pages, rowsUnder } from './pages.js';

let app: TestApp;
let entries: readonly ChecklistEntry[];

beforeAll(async () => {
  app = await startApp();
  ({ entries } = await app.get(Checklist).report());
});
afterAll(() => app.close());

it('docs/checklist.md lists every check of an application with severity, title and source, and no other', () => {
  const rows = rowsUnder(page('docs/checklist.md'), 'id');
  const listed = rows.map(([id, severity, title, source]) => ({ id, severity, title, source }));
  const checks = entries.map(({ id, severity, title, source }) => ({ id, severity, title, source }));
  const byId = (a: { id?: string | undefined }, b: { id?: string | undefined }) =>
    (a.id ?? '').localeCompare(b.id ?? '');
  expect(listed.sort(byId)).toEqual(checks.sort(byId));
  for (const [id, , , , change] of rows) expect(change, id).not.toBe('');
});

it('pages name no check that does not exist', () => {
  const ids = new Set(entries.map(({ id }) => id));
  const areas = [...new Set(entries.map(({ id }) => id.split('.')[0]))].join('|');
  const quoted = new RegExp(`[\`']((?:${areas})\\.[a-z]+(?:-[a-z]+)*)[\`']`, 'g');
  const others = new Set([...optionsTable().map((row) => row.path), ...Object.keys(AUTH_EVENTS)]);
  const named = pages().flatMap(({ file, text }) => [...text.matchAll(quoted)].map(([, id = '']) => ({ file, id })));
  expect(named.filter(({ id }) => !ids.has(id) && !others.has(id))).toEqual([]);
});
