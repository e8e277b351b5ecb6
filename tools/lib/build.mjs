import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { npm, ROOT } from './run.mjs';

const LIBRARY_SOURCES = [
  'lib',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
  'tools/build.mjs',
];

/** Builds the library when its sources are not those of the last build. Answers the exit code. */
export function ensureLibraryBuilt() {
  return ensure('library', LIBRARY_SOURCES, 'dist/index.js', ['run', 'build', '--silent']);
}

/** The same for a sample, which also depends on the library's types. */
export function ensureSampleBuilt(folder) {
  const { name } = JSON.parse(readFileSync(path.join(ROOT, folder, 'package.json'), 'utf8'));
  const sources = [...LIBRARY_SOURCES, `${folder}/src`, `${folder}/package.json`, `${folder}/tsconfig.json`];
  return ensure(name, sources, `${folder}/dist/main.js`, ['run', 'build', '--silent', '-w', name]);
}

async function ensure(name, sources, output, command) {
  const stamp = path.join(ROOT, 'node_modules', '.cache', 'gatehouse', `${name}.build`);
  const print = fingerprint(sources);
  if (existsSync(path.join(ROOT, output)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === print) return 0;
  console.log(`Building ${name}.`);
  const code = await npm(command);
  if (code !== 0) return code;
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, print);
  return 0;
}

/** Names, sizes and times of the files: a deleted file counts as a change too. */
function fingerprint(sources) {
  const hash = createHash('sha256');
  for (const file of sources.flatMap((source) => filesOf(path.join(ROOT, source)))) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${path.relative(ROOT, file)} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function filesOf(place) {
  if (!existsSync(place)) return [];
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place)
    .sort()
    .filter((name) => !name.endsWith('.spec.ts'))
    .flatMap((name) => filesOf(path.join(place, name)));
}
