import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

const running = new Set();
let stopping = false;

/**
 * Runs a command to its end with this terminal and answers its exit code; 128 + n when a signal ended it. Nothing begins
 * any more once `stopRunning` was called.
 */
export function run(command, args, options = {}) {
  if (stopping) return Promise.resolve(128 + SIGNAL_NUMBERS.SIGTERM);
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', ...options });
    running.add(child);
    child.on('error', (error) => {
      running.delete(child);
      console.error(`${command}: ${error.message}`);
      resolve(127);
    });
    child.on('exit', (code, signal) => {
      running.delete(child);
      resolve(code ?? 128 + (SIGNAL_NUMBERS[signal] ?? 9));
    });
  });
}

/** The npm that started us, else the one in PATH. */
export function npm(args, options = {}) {
  const script = process.env.npm_execpath;
  if (script !== undefined && /npm-cli\.[cm]?js$/.test(script)) {
    return run(process.execPath, [script, ...args], options);
  }
  return run('npm', args, { shell: process.platform === 'win32', ...options });
}

/** Sends a signal to every command that is running, and lets no other begin. */
export function stopRunning(signal) {
  stopping = true;
  for (const child of running) child.kill(signal);
}

export const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/**
 * Passes SIGINT, SIGTERM and SIGHUP on to the commands that are running, then calls `after` with the signal. A SIGTERM to
 * `npm start` ends npm and its shell without reaching us: losing our parent counts as SIGTERM there.
 */
export function forwardSignals(after = () => undefined) {
  const handle = (signal) => {
    stopRunning(signal);
    after(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, handle);
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    handle('SIGTERM');
  }, 250);
  watch.unref();
}
