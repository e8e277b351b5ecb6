import { readdirSync } from 'node:fs';
import path from 'node:path';
import { ensureLibraryBuilt, ensureSampleBuilt } from './lib/build.mjs';
import { npm, ROOT } from './lib/run.mjs';
import { testRun } from './lib/test-run.mjs';
import { runVitest } from './lib/vitest.mjs';

const LIMIT_MS = 19.5 * 60_000;
const filters = process.argv.slice(2);
const samples = readdirSync(path.join(ROOT, 'sample')).sort();

/** What needs the built library, and nothing of each other: two lanes, for two processors. */
const LANES = [
  { lint: () => npm(['run', 'lint', '--silent']) },
  {
    ...Object.fromEntries(samples.map((name) => [`build sample/${name}`, () => ensureSampleBuilt(`sample/${name}`)])),
    'check types': () => npm(['run', 'typecheck', '--silent']),
    'check formatting': () => npm(['run', 'format:check', '--silent']),
  },
];

// `npm test -- lib/store` runs the specs of that folder alone, after the same steps.
await testRun({ limitMs: LIMIT_MS }, async (tally, env) => {
  await tally.step('build the library', ensureLibraryBuilt);
  await Promise.all(
    LANES.map(async (steps) => {
      for (const [title, work] of Object.entries(steps)) await tally.step(title, work);
    }),
  );
  console.log('\n== specs');
  await runVitest(tally, { args: filters, env, skippedIsFailure: filters.length === 0 });
});
