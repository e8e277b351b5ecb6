import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { page, ROOT, rowsUnder } from './pages.js';

/** Names that a module exports, types included. */
function exportedNames(entry: string): readonly string[] {
  const file = path.join(ROOT, entry);
  const source = ts.createSourceFile(file, ts.sys.readFile(file) ?? '', ts.ScriptTarget.ES2023);
  return source.statements.filter(ts.isExportDeclaration).flatMap(({ exportClause }) => {
    if (exportClause === undefined || !ts.isNamedExports(exportClause))
      throw new Error(`${entry}: name what it exports.`);
    return exportClause.elements.map(({ name }) => name.text);
  });
}

describe('docs/api.md', () => {
  const [, main = '', sockets = '', testing = ''] = page('docs/api.md').text.split(/^## nestjs-gatehouse.*$/m);
  const listed = (text: string) => rowsUnder({ file: 'docs/api.md', text }, 'name').map(([name = '']) => name);

  it.each([
    ['lib/index.ts', main],
    ['lib/ws/index.ts', sockets],
    ['lib/testing/index.ts', testing],
  ])('lists every name of %s, and no other', (entry, text) => {
    expect([...listed(text)].sort()).toEqual([...exportedNames(entry)].sort());
  });
});
