import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { npm, ROOT } from './run.mjs';

/** Those of our packages that may have to be compiled, or to fetch a binary, before they can be loaded. */
const NATIVE = ['bcrypt', 'better-sqlite3', 'unrs-resolver'];

/** Both of the steps below. Answers npm's exit code. */
export async function ensureInstalled() {
  return (await ensureUnpacked()) || ensureCompiled();
}

/**
 * Runs `npm ci` when `node_modules` is absent or does not hold what package-lock.json says, without the scripts of
 * packages: compiling takes longer than all the rest, and most of the work can go on beside it. Answers npm's exit code.
 */
export async function ensureUnpacked() {
  if (isInstalled()) return 0;
  console.log('Installing packages.');
  return npm(['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Has the native packages compiled when they cannot be loaded by this Node.js. Answers npm's exit code. */
export async function ensureCompiled() {
  if (isCompiled()) return 0;
  console.log('better-sqlite3 is compiled where no ready-made binary can be downloaded: 1-2 minutes.');
  // Optimised less than it might be, SQLite is compiled in half the time: nobody waits for queries here.
  const env = { JOBS: 'max', CFLAGS: '-O1', CXXFLAGS: '-O1', ...process.env, ...nodeHeaders() };
  const code = await npm(['rebuild', ...NATIVE, '--ignore-scripts=false', '--loglevel=error'], { env });
  if (code !== 0) {
    console.error(
      'npm rebuild failed. Where better-sqlite3 has to be compiled it needs python3, make and a C++ compiler.',
    );
  }
  return code;
}

function isCompiled() {
  const use = "require('bcrypt'); new (require('better-sqlite3'))(':memory:')";
  return spawnSync(process.execPath, ['-e', use], { cwd: ROOT, stdio: 'ignore' }).status === 0;
}

function isInstalled() {
  const installed = packages('node_modules/.package-lock.json');
  if (installed === undefined) return false;
  const wanted = packages('package-lock.json') ?? {};
  return Object.entries(wanted).every(([place, entry]) => {
    if (!place.includes('node_modules/')) return true;
    const found = installed[place];
    // What is optional stays out where it is made for another platform.
    return found === undefined ? entry.optional === true : found.version === entry.version;
  });
}

function packages(file) {
  try {
    return JSON.parse(readFileSync(path.join(ROOT, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Headers that came with this Node.js, so that compiling an addon downloads none. */
function nodeHeaders() {
  if (process.env.npm_config_nodedir !== undefined) return {};
  const prefixes = [path.dirname(path.dirname(process.execPath)), '/usr/local', '/usr'];
  const prefix = prefixes.find(holdsOurHeaders);
  return prefix === undefined ? {} : { npm_config_nodedir: prefix };
}

function holdsOurHeaders(prefix) {
  const folder = path.join(prefix, 'include', 'node');
  if (!existsSync(path.join(folder, 'node.h'))) return false;
  try {
    const text = readFileSync(path.join(folder, 'node_version.h'), 'utf8');
    return /^#define NODE_MAJOR_VERSION (\d+)/m.exec(text)?.[1] === process.versions.node.split('.')[0];
  } catch {
    return false;
  }
}
