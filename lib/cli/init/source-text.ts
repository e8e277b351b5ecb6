import { readFileSync } from 'node:fs';
import type TypeScript from 'typescript';
import { Refusal } from '../refusal.js';

/** A TypeScript file, and what is inserted into it. What is there stays as it is written, to the byte. */
export class SourceText {
  readonly before: string;
  readonly tree: TypeScript.SourceFile;
  private readonly insertions: { readonly at: number; readonly text: string }[] = [];

  constructor(
    private readonly ts: typeof TypeScript,
    readonly path: string,
  ) {
    this.before = readFileSync(path, 'utf8');
    const { diagnostics = [] } = ts.transpileModule(this.before, { fileName: path, reportDiagnostics: true });
    if (diagnostics.length > 0) {
      const [{ messageText }] = diagnostics as [TypeScript.Diagnostic];
      throw new Refusal(`${path} cannot be read: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
    }
    this.tree = ts.createSourceFile(path, this.before, ts.ScriptTarget.Latest, true);
  }

  get after(): string {
    const ordered = this.insertions.map((insertion, index) => ({ ...insertion, index }));
    ordered.sort((one, other) => other.at - one.at || other.index - one.index);
    return ordered.reduce((text, { at, text: added }) => text.slice(0, at) + added + text.slice(at), this.before);
  }

  /** End of line, as the file has it. */
  get eol(): string {
    return this.before.includes('\r\n') ? '\r\n' : '\n';
  }

  get quote(): string {
    const [first] = this.imports();
    return first?.moduleSpecifier.getText().startsWith('"') === true ? '"' : "'";
  }

  /** `;`, or nothing in a file that does without. */
  get semicolon(): string {
    const [first] = this.imports();
    return first === undefined || first.getText().endsWith(';') ? ';' : '';
  }

  /** What comes after the name of a file in imports of this project: `.js`, or nothing. */
  get extension(): string {
    const own = this.imports()
      .map(specifierOf)
      .filter((specifier) => specifier.startsWith('.'));
    return own.length === 0 || own.some((specifier) => specifier.endsWith('.js')) ? '.js' : '';
  }

  /** The white space that a line begins with. */
  indentAt(position: number): string {
    const start = this.before.lastIndexOf('\n', position - 1) + 1;
    return /^[ \t]*/.exec(this.before.slice(start))?.[0] ?? '';
  }

  insert(at: number, text: string): void {
    this.insertions.push({ at, text });
  }

  /** Adds an import behind those of packages, or of the project's own files. */
  import(names: string, specifier: string): void {
    const { quote, semicolon, eol } = this;
    const line = `import { ${names} } from ${quote}${specifier}${quote}${semicolon}`;
    const imports = this.imports();
    const isOwn = specifier.startsWith('.');
    const beside = imports.filter((found) => isOwn || !specifierOf(found).startsWith('.')).at(-1);
    if (beside !== undefined) this.insert(beside.getEnd(), `${eol}${line}`);
    else this.insert(imports[0]?.getStart() ?? 0, `${line}${eol}`);
  }

  imports(): TypeScript.ImportDeclaration[] {
    return this.tree.statements.filter((statement) => this.ts.isImportDeclaration(statement));
  }

  /** Where a name comes from; `undefined` of one that is not imported. */
  originOf(name: string): string | undefined {
    const found = this.imports().find(({ importClause }) => {
      const bindings = importClause?.namedBindings;
      if (bindings === undefined || !this.ts.isNamedImports(bindings)) return importClause?.name?.text === name;
      return bindings.elements.some((element) => element.name.text === name);
    });
    return found === undefined ? undefined : specifierOf(found);
  }

  /** Every node of the file that a question is answered with yes for. */
  find<T extends TypeScript.Node>(is: (node: TypeScript.Node) => node is T): T[] {
    const found: T[] = [];
    const visit = (node: TypeScript.Node): void => {
      if (is(node)) found.push(node);
      this.ts.forEachChild(node, visit);
    };
    visit(this.tree);
    return found;
  }
}

function specifierOf({ moduleSpecifier }: TypeScript.ImportDeclaration): string {
  return moduleSpecifier.getText().slice(1, -1);
}
