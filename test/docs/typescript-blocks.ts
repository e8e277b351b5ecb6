import path from 'node:path';
import ts from 'typescript';
import { codeBlocks, ROOT, type Page } from './pages.js';

/** A block of a page as the file that its first line names, such as `// app.module.ts`. */
export interface BlockFile {
  readonly name: string;
  readonly code: string;
}

const NAMED = /^\/\/ ([\w.-]+\.ts)\n/;

export function blockFiles(page: Page): readonly BlockFile[] {
  return codeBlocks(page, 'ts').map(({ code }, index) => ({
    name: NAMED.exec(code)?.[1] ?? `block-${index}.ts`,
    code,
  }));
}

/** Each page in a folder of its own that exists in memory alone, with these files where the page does not bring them. */
export function virtualFiles(all: readonly Page[], common: readonly BlockFile[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const page of all) {
    const folder = path.join(ROOT, 'test/docs/virtual', page.file.replace(/\W/g, '-'));
    for (const { name, code } of [...common, ...blockFiles(page)]) files.set(path.join(folder, name), code);
  }
  return files;
}

/** Every complaint of the compiler about files that exist in memory alone, in which the package is `lib/`. */
export function typeErrors(files: ReadonlyMap<string, string>): readonly string[] {
  const config = ts.readConfigFile(path.join(ROOT, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent({ ...config.config, include: [] }, ts.sys, ROOT);
  const settings: ts.CompilerOptions = {
    ...options,
    // Pages show complete files that a `nest new` project would accept: a local of an example may stay unused.
    noUnusedLocals: false,
    paths: {
      'nestjs-gatehouse': [path.join(ROOT, 'lib/index.ts')],
      'nestjs-gatehouse/testing': [path.join(ROOT, 'lib/testing/index.ts')],
      'nestjs-gatehouse/ws': [path.join(ROOT, 'lib/ws/index.ts')],
      'nestjs-gatehouse/terminus': [path.join(ROOT, 'lib/terminus/index.ts')],
      'nestjs-gatehouse/prometheus': [path.join(ROOT, 'lib/prometheus/index.ts')],
    },
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
  };
  const folders = new Set([...files.keys()].flatMap((file) => [path.dirname(file), path.dirname(path.dirname(file))]));
  const host = ts.createCompilerHost(settings);
  const { fileExists, readFile, directoryExists } = host;
  host.fileExists = (file) => files.has(file) || fileExists.call(host, file);
  host.readFile = (file) => files.get(file) ?? readFile.call(host, file);
  host.directoryExists = (folder) => folders.has(folder) || (directoryExists?.call(host, folder) ?? true);
  const program = ts.createProgram([...files.keys()], settings, host);
  return [...files.keys()].flatMap((name) => {
    const source = program.getSourceFile(name);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ messageText, start = 0 }) => {
      const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
      return `${path.relative(ROOT, name)}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
}
