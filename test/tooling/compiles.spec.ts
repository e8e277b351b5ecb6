import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { afterAll, expect, it } from 'vitest';
import { ROOT } from './lint-kit.js';

const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'gatehouse-compiles-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function said(code: string): Promise<string[]> {
  writeFileSync(path.join(folder, 'a.ts'), code);
  writeFileSync(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { strict: true, noUnusedLocals: true, types: [] }, include: ['a.ts'] }),
  );
  const { gatehouse } = await import(pathToFileURL(path.join(ROOT, 'tools', 'eslint', 'plugin.mjs')).href);
  const eslint = new ESLint({
    cwd: folder,
    overrideConfigFile: true,
    overrideConfig: {
      files: ['**/*.ts'],
      plugins: { gatehouse },
      languageOptions: {
        parser: tseslint.parser,
        parserOptions: { project: './tsconfig.json', tsconfigRootDir: folder },
      },
      rules: { 'gatehouse/compiles': 'error' },
    },
  });
  const [result] = await eslint.lintFiles(['a.ts']);
  return result!.messages.map(({ line, message }) => `${line}: ${message}`);
}

it('lint says what the compiler says, where it says it', async () => {
  expect(await said("export const a = 1;\nexport const b: number = 'text';\n")).toEqual([
    "2: TS2322: Type 'string' is not assignable to type 'number'.",
  ]);
  expect(await said('const a = 1;\nexport {};\n')).toEqual(["1: TS6133: 'a' is declared but its value is never read."]);
  expect(await said('export const a = 1;\n')).toEqual([]);
});

it('all of the repository is asked', async () => {
  const eslint = new ESLint({ cwd: ROOT });
  for (const file of ['lib/index.ts', 'test/tooling/compiles.spec.ts', 'sample/01-quickstart/src/main.ts']) {
    const config = (await eslint.calculateConfigForFile(file)) as { rules: Record<string, unknown> };
    expect(config.rules['gatehouse/compiles'], file).toEqual([2]);
  }
});
