import { ensureLibraryBuilt, ensureSampleBuilt } from './lib/build.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { checkNodeVersion } from './lib/node-version.mjs';
import { forwardSignals, run, SIGNAL_NUMBERS } from './lib/run.mjs';

const SAMPLE = 'sample/01-quickstart';

/** Installs and builds what is missing and runs the quickstart sample from the repository's root. */
async function main() {
  checkNodeVersion();
  let stopped;
  forwardSignals((signal) => (stopped = signal));
  const steps = [
    ensureInstalled,
    ensureLibraryBuilt,
    () => ensureSampleBuilt(SAMPLE),
    () => run(process.execPath, ['--enable-source-maps', `${SAMPLE}/dist/main.js`]),
  ];
  for (const step of steps) {
    const code = await step();
    if (code !== 0) return code;
    if (stopped !== undefined && step !== steps.at(-1)) return 128 + SIGNAL_NUMBERS[stopped];
  }
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
