import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** One Markdown file that users read. */
export interface Page {
  /** From the root of the repository, such as `docs/errors.md`. */
  readonly file: string;
  readonly text: string;
}

export interface CodeBlock {
  readonly language: string;
  readonly code: string;
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;

export function page(file: string): Page {
  return { file, text: readFileSync(path.join(ROOT, file), 'utf8') };
}

/** README, changelog and every page of docs/. */
export function pages(): readonly Page[] {
  const docs = readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`);
  return ['README.md', 'CHANGELOG.md', ...docs].map(page);
}

export function codeBlocks({ text }: Page, language: string): readonly CodeBlock[] {
  return [...text.matchAll(FENCE)]
    .map(([, name = '', code = '']) => ({ language: name, code }))
    .filter((block) => block.language === language);
}

/** The page without its code blocks. */
export function prose({ text }: Page): string {
  return text.replace(FENCE, '');
}

/** The cells of every table row of the page, without the backticks around a whole cell. */
export function tableRows(from: Page): readonly (readonly string[])[] {
  return prose(from)
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^[|\s:-]+$/.test(line))
    .map((line) => line.slice(1, line.trimEnd().lastIndexOf('|')).split(/(?<!\\)\|/))
    .map((cells) => cells.map((cell) => plain(cell.trim())));
}

/** Rows of the table under the header whose first cell is this. */
export function rowsUnder(from: Page, firstHeader: string): readonly (readonly string[])[] {
  const parts = prose(from).split(/\n\n+/);
  const header = firstHeader === '' ? '| |' : `| ${firstHeader} |`;
  const tables = parts.filter((part) => part.split('\n').some((line) => line.startsWith(header)));
  return tables.flatMap((text) => tableRows({ file: from.file, text }).filter(([first]) => first !== firstHeader));
}

/** Anchors as GitHub makes them. */
export function anchors(from: Page): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const found = [...prose(from).matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) => {
    const slug = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
  return new Set(found);
}

/** Targets of links, relative ones alone. */
export function relativeLinks(from: Page): readonly string[] {
  return [...prose(from).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/i.test(target));
}

export function exists(file: string): boolean {
  return existsSync(path.join(ROOT, file));
}

function plain(cell: string): string {
  return /^`[^`]*`$/.test(cell) ? cell.slice(1, -1) : cell;
}
