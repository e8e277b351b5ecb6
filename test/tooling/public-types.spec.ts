import path from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const DIST = path.join(ROOT, 'dist');
const ENTRIES = ['index.d.ts', 'testing/index.d.ts', 'ws/index.d.ts'].map((entry) => path.join(DIST, entry));

/** What an application has that installed us: the regular dependencies and the peers that are not optional. */
const ALLOWED = [
  '@nestjs/common',
  '@nestjs/core',
  '@standard-schema/spec',
  'rxjs',
  'typeorm',
  'valibot',
  '@nestjs/throttler',
];

function program(): ts.Program {
  return ts.createProgram(ENTRIES, {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
  });
}

it('the declarations that an application sees have no error of their own', { timeout: 120_000 }, () => {
  const made = program();
  const own = made.getSourceFiles().filter(({ fileName }) => fileName.startsWith(DIST));
  expect(own.length).toBeGreaterThan(20);
  const errors = own.flatMap((file) => [...made.getSyntacticDiagnostics(file), ...made.getSemanticDiagnostics(file)]);
  expect(
    errors.map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`),
  ).toEqual([]);
});

it('no optional or internal package leaks into them', { timeout: 120_000 }, () => {
  const foreign = program()
    .getSourceFiles()
    .filter(({ fileName }) => fileName.startsWith(DIST))
    .flatMap((file) => ts.preProcessFile(file.text).importedFiles.map(({ fileName }) => fileName))
    .filter((name) => !name.startsWith('.') && !name.startsWith('node:') && !ALLOWED.includes(name));
  expect([...new Set(foreign)]).toEqual([]);
});
