import { ensureLibraryBuilt, ensureSampleBuilt } from './lib/build.mjs';
import { npm } from './lib/run.mjs';
import { testRun } from './lib/test-run.mjs';
import { runVitest } from './lib/vitest.mjs';

const LIMIT_MS = 19 * 60_000;
const filters = process.argv.slice(2);

const SAMPLES = [
  '01-quickstart',
  '02-production',
  '04-websockets',
  '05-graphql-subscriptions',
  '06-microservices',
  '07-tokens',
];

const STEPS = {
  'build the library': ensureLibraryBuilt,
  ...Object.fromEntries(SAMPLES.map((name) => [`build sample/${name}`, () => ensureSampleBuilt(`sample/${name}`)])),
  'check types': () => npm(['run', 'typecheck', '--silent']),
  lint: () => npm(['run', 'lint', '--silent']),
  'check formatting': () => npm(['run', 'format:check', '--silent']),
};

// `npm test -- lib/store` runs the specs of that folder alone, after the same steps.
await testRun({ limitMs: LIMIT_MS }, async (tally, env) => {
  for (const [title, work] of Object.entries(STEPS)) await tally.step(title, work);
  console.log('\n== specs');
  await runVitest(tally, { args: filters, env, skippedIsFailure: filters.length === 0 });
});
