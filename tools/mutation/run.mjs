import { forwardSignals, run } from '../lib/run.mjs';
import { FOLDER_NAMES } from './folders.mjs';

const STRYKER = 'node_modules/@stryker-mutator/core/bin/stryker.js';

/** Judges the mutants of some folders of `lib/`, by name, or of all. Answers an exit code. */
export async function runMutation(args) {
  const options = args.filter((arg, index) => arg.startsWith('-') || args[index - 1]?.startsWith('-'));
  const named = args.filter((arg) => !options.includes(arg));
  const unknown = named.find((folder) => !FOLDER_NAMES.includes(folder));
  if (unknown !== undefined) {
    console.error(`No folder "${unknown}" here. There are: ${FOLDER_NAMES.join(', ')}`);
    return 1;
  }
  forwardSignals();
  let worst = 0;
  for (const folder of named.length === 0 ? FOLDER_NAMES : named) {
    console.log(`\n== mutants of lib/${folder}`);
    const env = { ...process.env, MUTATION_FOLDER: folder };
    worst = Math.max(
      worst,
      await run(process.execPath, [STRYKER, 'run', 'tools/mutation/stryker.config.mjs', ...options], { env }),
    );
  }
  return worst;
}
