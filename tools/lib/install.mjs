import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { npm, ROOT } from './run.mjs';

/** Runs `npm ci` when `node_modules` is absent or does not hold what package-lock.json says. Answers npm's exit code. */
export async function ensureInstalled() {
  if (isInstalled()) return 0;
  console.log(
    'Installing packages. better-sqlite3 is compiled where no ready-made binary can be downloaded: 1-2 minutes.',
  );
  const env = { JOBS: 'max', ...process.env, ...nodeHeaders() };
  const code = await npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], { env });
  if (code !== 0) {
    console.error('npm ci failed. Where better-sqlite3 has to be compiled it needs python3, make and a C++ compiler.');
  }
  return code;
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
