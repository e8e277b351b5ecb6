import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** A regular expression of the library and where it stands. */
export interface Expression {
  readonly where: string;
  readonly pattern: string;
  readonly flags: string;
}

/** The literals of a file, and the calls of `RegExp` that have none for their pattern. */
export function expressionsOf(file: string): { readonly literals: readonly Expression[]; readonly made: string[] } {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const literals: Expression[] = [];
  const made: string[] = [];
  const visit = (node: ts.Node): void => {
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      literals.push({ where: `${file}:${line}`, pattern: node.text.slice(1, end), flags: node.text.slice(end + 1) });
    }
    const called = ts.isNewExpression(node) || ts.isCallExpression(node) ? node.expression.getText(source) : '';
    if (called === 'RegExp') made.push(`${file}:${line}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { literals, made };
}

const COMMON = ['a', '0', ' ', '\n', '.', '-', '/', '%', '"', '\u0000', '💥', 'a.', 'a@', ' a'];
const ENDINGS = ['', '!', '\u0000'];
const cache = new Map<string, string>();

/** Texts that an expression of this source may be slow on: what it names over and over, and then something it does not. */
export function adversariesOf({ pattern }: Expression, length: number): readonly string[] {
  const named = [...new Set(pattern.replace(/\\[a-zA-Z]/g, '').replace(/[[\](){}?*+^$|\\]/g, ''))].slice(0, 8);
  const runs = (pattern.match(/[\w .:@/$=,-]{2,}/g) ?? []).slice(0, 4);
  const units = new Set([...COMMON, ...named, ...named.map((char) => `a${char}`), ...runs]);
  return [...units].flatMap((unit) => {
    const body = repeated(unit, length);
    const [start = ''] = runs;
    return [...ENDINGS.map((ending) => body + ending), start + body];
  });
}

function repeated(unit: string, length: number): string {
  const key = `${length} ${unit}`;
  const known = cache.get(key) ?? unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
  cache.set(key, known);
  return known;
}
