import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type TypeScript from 'typescript';
import { Refusal } from '../refusal.js';
import type { SourceText } from './source-text.js';

/** The file that starts the application. */
export class MainFile {
  private readonly creation: TypeScript.CallExpression;

  constructor(
    private readonly ts: typeof TypeScript,
    readonly source: SourceText,
  ) {
    const calls = source
      .find(ts.isCallExpression.bind(ts))
      .filter((call) => /^NestFactory\.create\b/.test(call.getText()));
    const [creation, ...others] = calls;
    if (creation === undefined)
      throw new Refusal(`${source.path} has no NestFactory.create(): name another by --main.`);
    if (others.length > 0) throw new Refusal(`${source.path} makes several applications: add AuthModule by hand.`);
    this.creation = creation;
  }

  /** Name of the root module and the file that it is imported from. */
  rootModule(): { readonly name: string; readonly file: string } {
    const name = this.creation.arguments[0]?.getText() ?? '';
    const origin = this.source.originOf(name);
    if (origin === undefined) return { name, file: this.source.path };
    const file = resolve(dirname(this.source.path), origin).replace(/\.js$/, '');
    if (existsSync(`${file}.ts`)) return { name, file: `${file}.ts` };
    throw new Refusal(
      `${this.source.path} makes its application of ${name || 'something'}, which is in no file of the project.`,
    );
  }

  /** Adds what is missing right behind the creation; answers the calls that it has added, or `undefined` if it cannot. */
  setUp(): string[] | undefined {
    const declaration = this.declaration();
    if (declaration === undefined) return /\bharden\(/.test(this.source.before) ? [] : undefined;
    const app = declaration.name.getText();
    const { before, semicolon, eol } = this.source;
    const missing = [`harden(${app})`, `${app}.enableShutdownHooks()`].filter((call) => !before.includes(call));
    if (missing.length === 0) return [];
    const statement = declaration.parent.parent;
    const indent = this.source.indentAt(statement.getStart());
    this.source.insert(statement.getEnd(), missing.map((call) => `${eol}${indent}${call}${semicolon}`).join(''));
    if (missing.some((call) => call.startsWith('harden')) && this.source.originOf('harden') === undefined) {
      this.source.import('harden', 'nestjs-gatehouse');
    }
    return missing;
  }

  /** Gives `new FastifyAdapter()` what only its constructor takes; answers whether something is left to do there. */
  setUpFastify(valuesFile: string): 'done' | 'by hand' | undefined {
    const { ts, source } = this;
    const adapters = source
      .find(ts.isNewExpression.bind(ts))
      .filter(({ expression }) => expression.getText() === 'FastifyAdapter');
    const [adapter, ...others] = adapters;
    if (adapter === undefined || source.before.includes('fastifyOptions')) return undefined;
    if (others.length > 0 || adapter.arguments?.length !== 0) return 'by hand';
    source.insert(adapter.getEnd() - 1, 'fastifyOptions(authValues())');
    source.import('fastifyOptions', 'nestjs-gatehouse');
    source.import('authValues', `${valuesFile}${source.extension}`);
    return 'done';
  }

  /** `const app = await NestFactory.create(...)`; `undefined` where the application is held otherwise. */
  private declaration(): TypeScript.VariableDeclaration | undefined {
    const { parent } = this.creation;
    const holder = this.ts.isAwaitExpression(parent) ? parent.parent : parent;
    return this.ts.isVariableDeclaration(holder) && this.ts.isIdentifier(holder.name) ? holder : undefined;
  }
}
