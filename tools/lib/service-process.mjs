import { spawn, spawnSync } from 'node:child_process';
import { accessSync, chmodSync, chownSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';

const READY_WITHIN_MS = 60_000;
const LOG_KEPT = 4_000;

/** Full path of the first of these commands that PATH holds. */
export function which(...names) {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  for (const name of names) {
    const found = folders.map((folder) => path.join(folder, name)).find(isExecutable);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export const isRoot = () => process.getuid?.() === 0;

/** Who runs a server that refuses to run as root. Nobody in particular when we are not root ourselves. */
export function ordinaryUser() {
  if (!isRoot()) return {};
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error('there is no user "postgres" or "nobody" to run the server as');
}

/** An empty folder that only `user` can read. */
export function privateFolder(user = {}) {
  const folder = mkdtempSync(path.join(isRoot() ? '/tmp' : os.tmpdir(), 'gatehouse-'));
  chmodSync(folder, 0o700);
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  return folder;
}

/** A loopback port that nobody listens on at the moment. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/**
 * Starts a server and waits until it says `ready`. The server ends with `stop()`, with this process, and on Linux also
 * when this process is killed. Its folder goes with it; `keep` leaves it, while this process lives, after `stop()`.
 */
export async function startServer({ command, args, user = {}, folder, keep = false, ready, endWith = 'SIGKILL' }) {
  const [program, ...rest] = [...deathSignal(endWith), command, ...args];
  const child = spawn(program, rest, { ...user, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stopNow = () => child.kill(endWith) && removeFolder(folder);
  process.once('exit', stopNow);
  const stop = async () => {
    process.removeListener('exit', stopNow);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(endWith);
      await ended;
    }
    if (!keep) removeFolder(folder);
  };
  try {
    await untilReady(child, ready);
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid, stop };
}

function untilReady(child, ready) {
  return new Promise((resolve, reject) => {
    let log = '';
    const fail = (reason) => reject(new Error(`${child.spawnfile} ${reason}:\n${log}`));
    const timer = setTimeout(() => fail(`was not ready within ${READY_WITHIN_MS} ms`), READY_WITHIN_MS);
    const settle = (action) => (value) => {
      clearTimeout(timer);
      action(value);
    };
    // Both streams are read to the end: a server whose pipe is full stands still.
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        log = (log + text).slice(-LOG_KEPT);
        if (log.includes(ready)) settle(resolve)();
      });
    }
    child.once('error', settle(reject));
    child.once('exit', (code, signal) => settle(fail)(`ended with ${signal ?? code}`));
  });
}

export function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

function deathSignal(signal) {
  const setpriv = which('setpriv');
  if (setpriv === undefined) return [];
  const prefix = [setpriv, '--pdeathsig', signal.replace('SIG', '')];
  return spawnSync(prefix[0], [...prefix.slice(1), 'true']).status === 0 ? prefix : [];
}
