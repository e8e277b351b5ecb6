import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');
export const SAMPLE = join(ROOT, 'sample', '02-production');

const START_WITHIN_MS = 90_000;
const STOP_WITHIN_MS = 30_000;

export type Environment = Readonly<Record<string, string>>;

/** A process of the deployment under test. */
export interface Running {
  readonly pid: number;
  /** What the process printed so far. */
  output(): string;
  /** The same without what it printed on stderr. */
  stdout(): string;
  /** Resolves when the output matches. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit code, `null` when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** SIGTERM, later SIGKILL; answers the exit code. */
  stop(): Promise<number | null>;
}

/** Runs a script with nothing of this environment but what is given. */
export function startScript(script: string, environment: Environment, ...args: readonly string[]): Running {
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, NO_COLOR: '1', ...environment };
  const child = spawn(process.execPath, [script, ...args], { cwd: SAMPLE, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').prependListener('data', (text: string) => (printed += text));
  }
  let onStdout = '';
  child.stdout.on('data', (text: string) => (onStdout += text));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    pid: child.pid!,
    output: () => printed,
    stdout: () => onStdout,
    says: (pattern) => says(child, pattern, () => printed),
    kill: (signal) => void child.kill(signal),
    ended,
    stop: () => stop(child, ended),
  };
}

/** Runs a script to its end. */
export async function runScript(
  script: string,
  environment: Environment,
  ...args: readonly string[]
): Promise<{ code: number | null; output: string }> {
  const running = startScript(script, environment, ...args);
  const timer = setTimeout(() => running.kill('SIGKILL'), START_WITHIN_MS);
  const code = await running.ended;
  clearTimeout(timer);
  return { code, output: running.output() };
}

/** A folder for one test, and what removes it. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'production-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

function says(child: ChildProcess, pattern: RegExp, output: () => string): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const match = pattern.exec(output());
      if (match === null) return;
      finish();
      resolve(match);
    };
    const fail = (why: string) => () => {
      finish();
      reject(new Error(`${why}, and did not say ${String(pattern)}:\n${output()}`));
    };
    const ended = fail('The process ended');
    const timer = setTimeout(fail('The process went on'), START_WITHIN_MS);
    const finish = () => {
      clearTimeout(timer);
      child.off('close', ended).stdout?.off('data', look);
      child.stderr?.off('data', look);
    };
    child.once('close', ended).stdout?.on('data', look);
    child.stderr?.on('data', look);
    look();
  });
}

async function stop(child: ChildProcess, ended: Promise<number | null>): Promise<number | null> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  const code = await ended;
  clearTimeout(timer);
  return code;
}
