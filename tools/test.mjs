import { readdirSync } from 'node:fs';
import path from 'node:path';
import { ensureLibraryBuilt, ensureSampleBuilt } from './lib/build.mjs';
import { ensureCompiled } from './lib/install.mjs';
import { npm, ROOT } from './lib/run.mjs';
import { testRun } from './lib/test-run.mjs';
import { runVitest } from './lib/vitest.mjs';

const LIMIT_MS = 19.7 * 60_000;
const filters = process.argv.slice(2);
const samples = readdirSync(path.join(ROOT, 'sample')).sort();

/** What needs the built library, and nothing of each other: what takes longest first. */
const checks = [
  // The compiler's errors are among what it says: `gatehouse/compiles`.
  ['lint and check types', () => npm(['run', 'lint', '--silent'])],
  ['check formatting', () => npm(['run', 'format:check', '--silent'])],
  ...samples.map((name) => [`build sample/${name}`, () => ensureSampleBuilt(`sample/${name}`)]),
];

// `npm test -- lib/store` runs the specs of that folder alone, after the same steps.
await testRun({ limitMs: LIMIT_MS }, async (tally, env) => {
  // Two things at a time, for two processors. Compiling is the longest, and nothing before the specs needs it.
  const compiled = tally.step('compile native packages', ensureCompiled);
  await tally.step('build the library', ensureLibraryBuilt);
  const lane = async () => {
    for (let check = checks.shift(); check !== undefined; check = checks.shift()) await tally.step(...check);
  };
  await Promise.all([lane(), compiled.then(lane)]);
  console.log('\n== specs');
  await runVitest(tally, { args: filters, env, skippedIsFailure: filters.length === 0 });
});
