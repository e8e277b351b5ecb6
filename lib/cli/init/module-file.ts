import type TypeScript from 'typescript';
import { Refusal } from '../refusal.js';
import type { SourceText } from './source-text.js';

/** The file of a module, into whose `imports` others are put. */
export class ModuleFile {
  constructor(
    private readonly ts: typeof TypeScript,
    readonly source: SourceText,
    private readonly name: string,
  ) {}

  addImports(added: readonly string[]): void {
    const definition = this.definition();
    const { ts, source } = this;
    const property = definition.properties.find((candidate) => candidate.name?.getText() === 'imports');
    const indent = `${source.indentAt(definition.getStart())}  `;
    if (property === undefined) {
      const lines = added.map((entry) => `${source.eol}${indent}  ${entry},`).join('');
      return source.insert(
        definition.getStart() + 1,
        `${source.eol}${indent}imports: [${lines}${source.eol}${indent}],`,
      );
    }
    if (!ts.isPropertyAssignment(property) || !ts.isArrayLiteralExpression(property.initializer)) {
      throw this.unclear('its imports are not written as a list');
    }
    this.append(property.initializer, added, source.indentAt(property.getStart()));
  }

  private append(list: TypeScript.ArrayLiteralExpression, added: readonly string[], indent: string): void {
    const { source } = this;
    const lines = added.map((entry) => `${source.eol}${indent}  ${entry},`).join('');
    const last = list.elements.at(-1);
    if (last === undefined) return source.insert(list.getStart() + 1, `${lines}${source.eol}${indent}`);
    const isOneLine = !list.getText().includes('\n');
    if (isOneLine) return source.insert(last.getEnd(), added.map((entry) => `, ${entry}`).join(''));
    if (list.elements.hasTrailingComma) return source.insert(list.elements.end, lines);
    source.insert(last.getEnd(), `,${lines.slice(0, -1)}`);
  }

  /** The object that `@Module()` is given. */
  private definition(): TypeScript.ObjectLiteralExpression {
    const { ts, source, name } = this;
    const classes = source.find(ts.isClassDeclaration.bind(ts)).filter((found) => found.name?.text === name);
    const decorators = classes.flatMap((found) => ts.getDecorators(found) ?? []);
    const calls = decorators
      .map(({ expression }) => expression)
      .filter((expression) => ts.isCallExpression(expression))
      .filter(({ expression }) => expression.getText() === 'Module');
    const [call, ...others] = calls;
    if (call === undefined || others.length > 0) throw this.unclear(`it has no class ${name} with one @Module()`);
    const [argument] = call.arguments;
    if (argument === undefined || !ts.isObjectLiteralExpression(argument))
      throw this.unclear('@Module() has no object');
    return argument;
  }

  private unclear(why: string): Refusal {
    return new Refusal(
      `${this.source.path} cannot be changed: ${why}. Add AuthModule by hand: docs/getting-started.md.`,
    );
  }
}
