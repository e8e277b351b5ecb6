import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ROOT } from './run.mjs';

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 20_000;

/**
 * Starts a Node.js script that goes on running, shows its lines behind `name`, and waits until one of them matches
 * `ready`. Answers that match, the pid and `stop()`, which sends SIGTERM, then after 20 s SIGKILL, and answers the exit
 * code, `null` when a signal ended it.
 */
export async function startLongProcess({ name, script, env, ready, onExit = () => undefined }) {
  const child = spawn(process.execPath, ['--enable-source-maps', script], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: Ctrl-C in the terminal reaches us alone, and we end things in their order.
    detached: true,
  });
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    const code = await ended;
    clearTimeout(timer);
    return code;
  };
  void ended.then(() => process.removeListener('exit', killWithUs));
  try {
    const match = await untilReady(child, name, ready);
    child.once('exit', (code, signal) => onExit(signal ?? code));
    return { name, pid: child.pid, match, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function untilReady(child, name, ready) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${name} was not ready in time`)), READY_WITHIN_MS);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        console.log(`[${name}] ${line}`);
        const match = ready.exec(line);
        if (match === null) return;
        clearTimeout(timer);
        resolve(match);
      });
    }
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`${name} ended with ${signal ?? code}`)));
    child.once('exit', () => clearTimeout(timer));
  });
}
