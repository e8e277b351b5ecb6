import { fork, spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const BENCH = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const STARTS_WITHIN_MS = 60_000;
const ENDS_WITHIN_MS = 5_000;
// Not production: one name for all, under which nobody switches anything on or off.
const ENVIRONMENT = { ...process.env, NODE_ENV: 'test' };

const CAN_PIN = os.availableParallelism() > 1 && spawnSync('taskset', ['--version']).error === undefined;

/**
 * A process that answers questions. It ends with `stop()`, and when this process ends. `core`: the one that it keeps to, where
 * the system can do that: what moves between cores, or shares one with the load, pays for it by chance.
 */
export async function child(file, args = [], { nodeArgs = [], env = {}, core } = {}) {
  const pinned = core !== undefined && CAN_PIN;
  const process_ = fork(path.join(BENCH, file), args, {
    ...(pinned ? { execPath: 'taskset' } : {}),
    execArgv: pinned ? ['--cpu-list', String(core), process.execPath, ...nodeArgs] : nodeArgs,
    env: { ...ENVIRONMENT, ...env },
    cwd: BENCH,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const asked = new Map();
  let next = 0;
  const started = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${file} ${args.join(' ')} did not start`)), STARTS_WITHIN_MS);
    process_.once('exit', (code, signal) => {
      clearTimeout(timer);
      const error = new Error(`${file} ${args.join(' ')} ended with ${signal ?? code}`);
      reject(error);
      for (const { fail } of asked.values()) fail(error);
    });
    process_.on('message', ({ ready, id, answer, error }) => {
      if (ready !== undefined) {
        clearTimeout(timer);
        resolve(ready);
        return;
      }
      const { done, fail } = asked.get(id);
      asked.delete(id);
      if (error === undefined) done(answer);
      else fail(new Error(error));
    });
  });
  const ask = (question, input) =>
    new Promise((done, fail) => {
      const id = next++;
      asked.set(id, { done, fail });
      process_.send({ id, question, input });
    });
  const stop = () =>
    new Promise((resolve) => {
      if (process_.exitCode !== null || process_.signalCode !== null) return resolve();
      const timer = setTimeout(() => process_.kill('SIGKILL'), ENDS_WITHIN_MS);
      process_.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      process_.disconnect();
    });
  return { ...started, pid: process_.pid, ask, stop };
}

/** A contestant of a file in `servers/`. */
export function server(file, name, settings, options) {
  return child('serve.mjs', [file, name, JSON.stringify(settings)], options);
}

/** The load, in a process of its own that stays warm. */
export function loadGenerator(options) {
  return child('load.mjs', [], options);
}
