import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A folder with files of its own, linted by this repository's configuration without the rules that need types. */
export class LintKit {
  private readonly folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'gatehouse-lint-')));
  private readonly eslint = new ESLint({
    cwd: this.folder,
    overrideConfigFile: path.join(ROOT, 'eslint.config.js'),
    overrideConfig: [
      tseslint.configs.disableTypeChecked,
      { files: ['**/*.ts'], rules: { '@typescript-eslint/no-unused-vars': 'off', 'gatehouse/compiles': 'off' } },
    ],
  });

  /** Names of the rules that `code` breaks as the file `file`. */
  async rulesBrokenBy(file: string, code: string): Promise<string[]> {
    const results = await this.eslint.lintText(code, { filePath: path.join(this.folder, file) });
    return results.flatMap(({ messages }) => messages.map(({ ruleId, message }) => ruleId ?? message));
  }

  write(file: string, code: string): void {
    const target = path.join(this.folder, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, code);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
