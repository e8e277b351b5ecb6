import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { page, ROOT, rowsUnder } from './pages.js';

function parse(entry: string): ts.SourceFile {
  const file = path.join(ROOT, entry);
  return ts.createSourceFile(file, ts.sys.readFile(file) ?? '', ts.ScriptTarget.ES2023, true);
}

/** Names that a module exports, types included. */
function exportedNames(entry: string): readonly string[] {
  return parse(entry)
    .statements.filter(ts.isExportDeclaration)
    .flatMap(({ exportClause }) => {
      if (exportClause === undefined || !ts.isNamedExports(exportClause))
        throw new Error(`${entry}: name what it exports.`);
      return exportClause.elements.map(({ name }) => name.text);
    });
}

/** Methods of the class that applications may call. */
function publicMethods(entry: string, name: string): readonly string[] {
  const source = parse(entry);
  const found = source.statements.filter(ts.isClassDeclaration).find((statement) => statement.name?.text === name);
  return (found?.members ?? [])
    .filter(ts.isMethodDeclaration)
    .filter((method) => (ts.getCombinedModifierFlags(method) & ts.ModifierFlags.Private) === 0)
    .filter((method) => !ts.getJSDocTags(method).some((tag) => tag.tagName.text === 'internal'))
    .map(({ name: method }) => (method as ts.Node).getText(source));
}

/** The text below a heading, up to the next of its rank. */
function section(file: string, heading: string): string {
  return page(file).text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
}

it.each([
  ['Accounts', 'lib/accounts/accounts.service.ts', 'docs/api.md', 'Accounts', 'method'],
  ['Sessions', 'lib/sessions/sessions.service.ts', 'docs/api.md', 'Sessions', 'method'],
  ['Tokens', 'lib/features/bearer/tokens.service.ts', 'docs/tokens.md', 'In your code', 'method of `Tokens`'],
])('the methods of %s are listed, and no other', (name, entry, file, heading, header) => {
  const rows = rowsUnder({ file, text: section(file, heading) }, header);
  const listed = rows.flatMap(([cell = '']) => [...cell.matchAll(/(\w+)\(/g)].map(([, method]) => method));
  expect(listed.length).toBeGreaterThan(3);
  expect(listed.sort()).toEqual([...publicMethods(entry, name)].sort());
});

describe('docs/api.md', () => {
  const [, main = '', sockets = '', testing = '', terminus = ''] =
    page('docs/api.md').text.split(/^## nestjs-gatehouse.*$/m);
  const listed = (text: string) => rowsUnder({ file: 'docs/api.md', text }, 'name').map(([name = '']) => name);

  it.each([
    ['lib/index.ts', main],
    ['lib/ws/index.ts', sockets],
    ['lib/testing/index.ts', testing],
    ['lib/terminus/index.ts', terminus],
  ])('lists every name of %s, and no other', (entry, text) => {
    expect([...listed(text)].sort()).toEqual([...exportedNames(entry)].sort());
  });
});
