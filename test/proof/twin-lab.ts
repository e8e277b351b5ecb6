import { execFile, execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Trap } from '../attacks/trap.js';
import { namePattern } from '../attacks/test-names.js';

const NEEDED = /^(?:lib|test|tools)\/|^(?:package\.json|tsconfig\.json|vitest\.config\.ts)$/;
const LONGEST_RUN_MS = 5 * 60_000;

export interface TestResult {
  readonly spec: string;
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** As vitest prints them; the first line says of what class the error was. */
  readonly failures: readonly string[];
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
}

/** A copy of the repository in which defences are taken away, one at a time. The repository itself is never touched. */
export class TwinLab {
  private constructor(private readonly folder: string) {}

  static create(): TwinLab {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-twins-'));
    const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { maxBuffer: 1 << 26 });
    const files = listed.toString().split('\0');
    for (const file of files.filter((name) => NEEDED.test(name) && existsSync(name))) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      copyFileSync(file, path.join(folder, file));
    }
    for (const name of ['node_modules', 'dist']) {
      if (existsSync(name)) symlinkSync(path.resolve(name), path.join(folder, name));
    }
    return new TwinLab(folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs the tests of these traps as they are. */
  async intact(traps: readonly Trap[]): Promise<readonly TestResult[]> {
    const specs = [...new Set(traps.map(({ spec }) => spec))];
    return this.run(specs, [...new Set(traps.map(namePattern))].join('|'));
  }

  /** Runs the tests of a trap without its defence. */
  async without(trap: Trap): Promise<readonly TestResult[]> {
    const file = path.join(this.folder, trap.file);
    const text = readFileSync(file, 'utf8');
    // By a function: what replaces it may hold `$&`.
    writeFileSync(
      file,
      text.replace(trap.defence, () => trap.without),
    );
    try {
      return await this.run([trap.spec], namePattern(trap));
    } finally {
      writeFileSync(file, text);
    }
  }

  private async run(specs: readonly string[], pattern: string): Promise<readonly TestResult[]> {
    const report = path.join(this.folder, 'report.json');
    rmSync(report, { force: true });
    // What has not changed since the run before is read as it was compiled then.
    const cache = ['--experimental.fsModuleCache', `--experimental.fsModuleCachePath=${this.folder}/.cache`];
    const args = ['node_modules/vitest/vitest.mjs', 'run', ...specs, '-t', pattern, ...cache];
    const printed = await this.vitest([...args, '--reporter=json', `--outputFile=${report}`]);
    if (!existsSync(report)) throw new Error(`vitest has written no report:\n${printed.slice(-4_000)}`);
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    return testResults.flatMap(({ name, message, assertionResults }) => {
      const spec = path.relative(this.folder, name);
      if (assertionResults.length === 0) return [{ spec, name: '', status: 'failed' as const, failures: [message] }];
      return assertionResults.map((each) => ({ spec, ...resultOf(each) }));
    });
  }

  private vitest(args: readonly string[]): Promise<string> {
    // What tells this process that it is a worker of vitest would confuse the other one.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [...args],
        { cwd: this.folder, env: { ...env, NODE_ENV: 'test' }, timeout: LONGEST_RUN_MS, maxBuffer: 1 << 26 },
        (_error, stdout, stderr) => resolve(stdout + stderr),
      );
    });
  }
}

function resultOf({ fullName, status, failureMessages }: Report['testResults'][number]['assertionResults'][number]) {
  const known = status === 'passed' || status === 'failed' ? status : ('skipped' as const);
  return { name: fullName, status: known, failures: failureMessages ?? [] } as const;
}
