import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '..', '..', 'sample', '01-quickstart', 'dist', 'main.js');
const RUNNING = /^Quickstart is running on (http:\/\/\S+)$/m;
const START_DEADLINE_MS = 40_000;

/** For many sign-ins from one address, in little time. */
export const LOAD_TEST = { RATE_LIMITS: 'relaxed', PASSWORD_COST: '4' } as const;

type Environment = Readonly<Record<string, string>>;

export interface Quickstart {
  readonly url: string;
  readonly dataDir: string;
  /** Everything that the process has printed. */
  output(): string;
  /** Ends the process as a deployment would and answers its exit code. The data stays. */
  stop(): Promise<number | null>;
}

/** The built sample as a process of its own, on a free port and with nothing of this environment but what is given. */
export function startQuickstart(dataDir: string, environment: Environment = {}): Promise<Quickstart> {
  return running(launch(dataDir, { PORT: '0', DATA_DIR: dataDir, ...environment }), dataDir, START_DEADLINE_MS);
}

/** The same through `npm start` in a checkout, as a newcomer does it. */
export function npmStart(checkout: string, dataDir: string, deadlineMs: number, HOME: string): Promise<Quickstart> {
  const started = spawned('npm', ['start'], checkout, { HOME, PORT: '0', DATA_DIR: dataDir });
  return running(started, dataDir, deadlineMs);
}

async function running({ child, output }: Launched, dataDir: string, deadlineMs: number): Promise<Quickstart> {
  const url = await new Promise<string>((resolve, reject) => {
    const fail = (why: string) => {
      child.kill('SIGKILL');
      reject(new Error(`The quickstart ${why}:\n${output()}`));
    };
    const timer = setTimeout(() => fail('did not start in time'), deadlineMs);
    child.once('close', () => fail('ended'));
    child.stdout?.on('data', () => {
      const running = RUNNING.exec(output());
      if (!running?.[1]) return;
      clearTimeout(timer);
      child.removeAllListeners('close');
      resolve(running[1]);
    });
  });
  return { url, dataDir, output, stop: () => stop(child) };
}

/** A start that is expected to be refused: the exit code and what was printed. */
export async function refusedStart(
  dataDir: string,
  environment: Environment,
): Promise<{ code: number; output: string }> {
  const { child, output } = launch(dataDir, environment);
  const timer = setTimeout(() => child.kill('SIGKILL'), START_DEADLINE_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  if (code === null) throw new Error(`The quickstart was expected to refuse its start, and ran:\n${output()}`);
  return { code, output: output() };
}

/** A folder for one test, and what removes it. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'quickstart-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

interface Launched {
  readonly child: ChildProcess;
  readonly output: () => string;
}

function launch(cwd: string, environment: Environment): Launched {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run \`npm run build && npm run build -w quickstart\``);
  const { HOME = '' } = process.env;
  return spawned(process.execPath, ['--enable-source-maps', MAIN], cwd, { HOME, ...environment });
}

function spawned(command: string, args: readonly string[], cwd: string, environment: Environment): Launched {
  const { PATH = '' } = process.env;
  const env = { PATH, NO_COLOR: '1', ...environment };
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').prependListener('data', (text: string) => (printed += text));
  }
  return { child, output: () => printed };
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  const [code] = (await ended) as [number | null];
  clearTimeout(timer);
  return code;
}
