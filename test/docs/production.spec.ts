import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Checklist } from '../../lib/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { page, rowsUnder } from './pages.js';

const ID = /`([a-z]+\.[a-z-]+)`/g;
const AREAS =
  /^(?:access|accounts|attempts|audit|cookies|database|keys|mail|network|oauth|passwords|probe|store|testing|tokens)\./;

describe('docs/production.md', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  it('names checks that exist', async () => {
    const { entries } = await app.get(Checklist).report();
    const known = new Set([...entries.map(({ id }) => id), ...probeIds()]);
    const named = rowsUnder(page('docs/production.md'), 'they ask').flatMap(([, answer = '']) =>
      [...answer.matchAll(ID)].map(([, id = '']) => id),
    );
    const ids = named.filter((id) => AREAS.test(id));
    expect(ids.length).toBeGreaterThan(40);
    expect(ids.filter((id) => !known.has(id))).toEqual([]);
  });
});

/** The page itself is held against the code. */
function probeIds(): readonly string[] {
  return [...page('docs/probe.md').text.matchAll(/`(probe\.[a-z-]+)`/g)].map(([, id = '']) => id);
}
