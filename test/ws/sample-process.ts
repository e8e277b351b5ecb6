import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';

const SAMPLES = path.join(import.meta.dirname, '..', '..', 'sample');
const START_DEADLINE_MS = 40_000;

export interface SampleProcess {
  /** What the pattern caught in the last line of the start. */
  readonly caught: readonly string[];
  /** Everything that the process has printed. */
  output(): string;
  stop(): Promise<void>;
}

/** A built sample as a process of its own, until it prints what `running` matches. */
export async function startSample(
  folder: string,
  running: RegExp,
  environment: Record<string, string> = {},
): Promise<SampleProcess> {
  const main = path.join(SAMPLES, folder, 'dist', 'main.js');
  if (!existsSync(main))
    throw new Error(`${main} is missing: build the library, then the sample with \`npm run build -w\``);
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, NO_COLOR: '1', PORT: '0', ...environment };
  const child = spawn(process.execPath, [main], { cwd: path.join(SAMPLES, folder), env });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  }
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
  };
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    const match = running.exec(printed);
    if (match !== null) return { caught: match.slice(1), output: () => printed, stop };
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`The sample did not start:\n${printed}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export interface SampleUser {
  readonly cookie: string;
  readonly csrfToken: string;
  readonly token: string;
}

/** Registers with the sample and signs in twice: in a browser, and for tokens. */
export async function newSampleUser(url: string, email: string): Promise<SampleUser> {
  const account = { email, password: 'seven hinges and a bell' };
  await post(url, '/auth/register', account);
  const { body: tokens } = await post(url, '/auth/login', { ...account, deliver: 'tokens' });
  const { body, cookie } = await post(url, '/auth/login', account);
  return { cookie, csrfToken: String(body['csrfToken']), token: String(tokens['access_token']) };
}

export async function post(
  url: string,
  route: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<{ body: Record<string, unknown>; cookie: string }> {
  const sent = { 'content-type': 'application/json', ...headers };
  const response = await fetch(url + route, { method: 'POST', headers: sent, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${route} answered ${response.status}: ${text}`);
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  return { body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>), cookie };
}
