import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchors, exists, page, pages, relativeLinks, ROOT, type Page } from './pages.js';

/** What is wrong with a link of the page, or nothing when it leads somewhere. */
function brokenLink(from: Page, link: string): string | undefined {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? from.file : path.posix.join(path.posix.dirname(from.file), file);
  if (!exists(target)) return `${from.file}: there is no ${target}`;
  if (anchor === undefined || anchors(page(target)).has(anchor)) return undefined;
  return `${from.file}: ${target} has no #${anchor}`;
}

describe('every page', () => {
  const all = pages();

  it('has links and anchors that lead somewhere', () => {
    const broken = all.flatMap((from) => relativeLinks(from).map((link) => brokenLink(from, link)));
    expect(broken.filter((problem) => problem !== undefined)).toEqual([]);
    expect(broken.length).toBeGreaterThan(100);
  });

  it.each([
    ['gone.md', 'docs/errors.md: there is no docs/gone.md'],
    ['#nowhere', 'docs/errors.md: docs/errors.md has no #nowhere'],
    ['sessions.md#nowhere', 'docs/errors.md: docs/sessions.md has no #nowhere'],
    ['#notes', undefined],
    ['../README.md#on-the-wire', undefined],
  ])('is told of %s', (link, problem) => {
    expect(brokenLink(page('docs/errors.md'), link)).toBe(problem);
  });

  it('of docs/ stands in the index', () => {
    const listed = relativeLinks(page('docs/README.md'));
    const missing = all.map(({ file }) => file).filter((file) => file.startsWith('docs/') && file !== 'docs/README.md');
    expect(missing.filter((file) => !listed.includes(path.posix.basename(file)))).toEqual([]);
  });

  it('of the index stands in the README, and so does every sample', () => {
    const listed = relativeLinks(page('docs/README.md')).filter((link) => /^[a-z-]+\.md$/.test(link));
    const samples = readdirSync(path.join(ROOT, 'sample')).filter((name) => exists(`sample/${name}/README.md`));
    const wanted = [...listed.map((link) => `docs/${link}`), ...samples.map((name) => `sample/${name}/README.md`)];
    expect(wanted.length).toBeGreaterThan(20);
    const linked = relativeLinks(page('README.md'));
    expect(wanted.filter((file) => !linked.includes(file))).toEqual([]);
  });

  it('names no path of the machine that it was written on', () => {
    const traces = all.filter(({ text }) => /(?:^|[\s"'`(=:])\/(?:home|root|Users|work|tmp|var|mnt)\b/m.test(text));
    expect(traces.map(({ file }) => file)).toEqual([]);
  });
});
