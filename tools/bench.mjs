import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ensureLibraryBuilt } from './lib/build.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { checkNodeVersion } from './lib/node-version.mjs';
import { forwardSignals, npm, ROOT, run } from './lib/run.mjs';

const FOLDER = path.join(ROOT, 'bench');

// npm run bench [-- PART … --quick]: see docs/performance.md.
checkNodeVersion();
forwardSignals();
for (const step of [ensureInstalled, ensureLibraryBuilt, ensureBenchInstalled, measure]) {
  const code = await step();
  if (code !== 0) process.exit(code);
}

/** The packages that are only measured against, in a folder of their own. */
async function ensureBenchInstalled() {
  const locks = [path.join(FOLDER, 'node_modules', '.package-lock.json'), path.join(FOLDER, 'package-lock.json')];
  const [installed, wanted] = locks.map(versions);
  if (installed !== undefined && Object.entries(wanted).every(([place, version]) => installed[place] === version))
    return 0;
  return npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: FOLDER });
}

function versions(file) {
  try {
    const { packages } = JSON.parse(readFileSync(file, 'utf8'));
    const inside = Object.entries(packages).filter(([place]) => place !== '');
    return Object.fromEntries(inside.map(([place, { version }]) => [place, version]));
  } catch {
    return undefined;
  }
}

function measure() {
  return run(process.execPath, ['bench/run.mjs', ...process.argv.slice(2)]);
}
