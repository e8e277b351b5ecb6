// npm run build: `dist` from nothing. `nest build` writes declarations and JavaScript; the JavaScript is then bundled, since
// to read its hundreds of files takes an application longer at its start than all else that this package does there.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { ROOT, run } from './lib/run.mjs';

const DIST = path.join(ROOT, 'dist');
const NEST = path.join(ROOT, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
/** What is loaded by its path: `exports` and `bin` of the package, and what tests and bench reach for inside. */
const ENTRIES = [
  'index',
  'testing/index',
  'ws/index',
  'terminus/index',
  'prometheus/index',
  'cli/gatehouse',
  'internals',
];
/** Decorators of all files call it. It becomes part of the bundle, and all other packages stay outside. */
const HELPERS = 'tslib';

process.exitCode = await run(process.execPath, [NEST, 'build']);
if (process.exitCode === 0) await bundle();

/** What several entries need is a file of its own: each class exists once, and Nest finds it under one token. */
async function bundle() {
  const build = await rolldown({
    input: Object.fromEntries(ENTRIES.map((entry) => [entry, path.join(DIST, `${entry}.js`)])),
    platform: 'node',
    external: (id) => !id.startsWith('.') && !path.isAbsolute(id) && id !== HELPERS,
    plugins: [{ name: 'compiled', load: compiled }],
  });
  const { output } = await build.generate({
    sourcemap: true,
    // Nest tells of classes by their names.
    keepNames: true,
    entryFileNames: '[name].js',
    // One folder deep, as `cli/`: from both the manifest is two up.
    chunkFileNames: 'chunks/[name]-[hash].js',
  });
  await build.close();
  removeCompiled();
  for (const file of output) {
    const place = path.join(DIST, file.fileName);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, file.type === 'chunk' ? file.code : file.source);
  }
}

/** A compiled file with its map, so that a trace leads to the source. */
function compiled(id) {
  if (!id.startsWith(DIST)) return null;
  return { code: readFileSync(id, 'utf8'), map: readFileSync(`${id}.map`, 'utf8') };
}

function removeCompiled() {
  const names = readdirSync(DIST, { recursive: true });
  for (const name of names.filter((each) => /\.js(\.map)?$/.test(each))) rmSync(path.join(DIST, name));
}
