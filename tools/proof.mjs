import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ensureLibraryBuilt, ensureSampleBuilt } from './lib/build.mjs';
import { ensureCompiled } from './lib/install.mjs';
import { ROOT } from './lib/run.mjs';
import { testRun } from './lib/test-run.mjs';
import { runVitest } from './lib/vitest.mjs';
import { runMutation } from './mutation/run.mjs';

const LIMIT_MS = 60 * 60_000;
const FOLDER = 'test/proof';
const ENDING = '.proof.ts';

const [name, ...rest] = process.argv.slice(2);
const proofs = existsSync(path.join(ROOT, FOLDER)) ? readdirSync(path.join(ROOT, FOLDER)) : [];
const names = proofs.filter((file) => file.endsWith(ENDING)).map((file) => file.slice(0, -ENDING.length));

// Not vitest's to run: it runs vitest itself, and needs no server.
if (name === 'mutation') process.exit(await runMutation(rest));

if (!names.includes(name)) {
  console.log(name === undefined ? 'npm run proof -- NAME, with one of:' : `There is no proof "${name}". There are:`);
  console.log(names.length === 0 ? '  (none)' : [...names, 'mutation'].map((known) => `  ${known}`).join('\n'));
  process.exit(name === undefined ? 0 : 1);
}

await testRun({ limitMs: LIMIT_MS }, async (tally, env) => {
  await tally.step('compile native packages', ensureCompiled);
  await tally.step('build the library', ensureLibraryBuilt);
  await tally.step('build the quickstart', () => ensureSampleBuilt('sample/01-quickstart'));
  const args = ['--config', 'tools/proof.vitest.config.mjs', `${FOLDER}/${name}${ENDING}`, ...rest];
  await runVitest(tally, { args, env, skippedIsFailure: rest.length === 0 });
});
