import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Checklist, type ChecklistEntry } from '../../lib/index.js';
import { AUTH_EVENTS } from '../../lib/events/event-catalogue.js';
import { optionsTable } from '../../lib/options/options-table.js';
import { startApp, type TestApp } from '../support/app.js';
import { page, pages, ROOT, rowsUnder } from './pages.js';

let app: TestApp;
let entries: readonly ChecklistEntry[];

beforeAll(async () => {
  app = await startApp();
  ({ entries } = await app.get(Checklist).report());
});
afterAll(() => app.close());

const TABLE = /^\| id \| severity \|.*\n\|[-|]+\n(?:\|.*\n)+/m;

/** The page with the table that the code makes. What to change stands on the page alone, by id. */
function generated(): string {
  const { text } = page('docs/checklist.md');
  const written = new Map(rowsUnder({ file: 'docs/checklist.md', text }, 'id').map(([id]) => [id, changeOf(text, id)]));
  const areas = [...new Set(entries.map(({ area }) => area))];
  const rows = areas
    .flatMap((area) => entries.filter((entry) => entry.area === area))
    .map(
      ({ id, severity, title, source }) =>
        `| \`${id}\` | ${severity} | ${title} | ${source} | ${written.get(id) ?? ''} |\n`,
    );
  return text.replace(
    TABLE,
    () => `| id | severity | title | source | what to change |\n|---|---|---|---|---|\n${rows.join('')}`,
  );
}

function changeOf(text: string, id = ''): string {
  const row = text.split('\n').find((line) => line.startsWith(`| \`${id}\` |`)) ?? '';
  return row.split(' | ').slice(4).join(' | ').replace(/ \|$/, '');
}

it('docs/checklist.md lists every check of an application, and no other; --update writes the rows', async () => {
  await expect(generated()).toMatchFileSnapshot(path.join(ROOT, 'docs', 'checklist.md'));
});

it('says of every check what to change', () => {
  for (const [id, , , , change] of rowsUnder(page('docs/checklist.md'), 'id')) expect(change, id).not.toBe('');
});

it('pages name no check that does not exist', () => {
  const ids = new Set(entries.map(({ id }) => id));
  const areas = [...new Set(entries.map(({ id }) => id.split('.')[0]))].join('|');
  const quoted = new RegExp(`[\`']((?:${areas})\\.[a-z]+(?:-[a-z]+)*)[\`']`, 'g');
  const others = new Set([...optionsTable().map((row) => row.path), ...Object.keys(AUTH_EVENTS)]);
  const named = pages().flatMap(({ file, text }) => [...text.matchAll(quoted)].map(([, id = '']) => ({ file, id })));
  expect(named.filter(({ id }) => !ids.has(id) && !others.has(id))).toEqual([]);
});
