import { ensureLibraryBuilt, ensureSampleBuilt } from './lib/build.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { checkNodeVersion } from './lib/node-version.mjs';
import { forwardSignals, run } from './lib/run.mjs';

const SAMPLE = 'sample/01-quickstart';

/** Installs and builds what is missing and runs the quickstart sample from the repository's root. */
async function main() {
  checkNodeVersion();
  forwardSignals();
  const steps = [
    ensureInstalled,
    ensureLibraryBuilt,
    () => ensureSampleBuilt(SAMPLE),
    () => run(process.execPath, ['--enable-source-maps', `${SAMPLE}/dist/main.js`]),
  ];
  for (const step of steps) {
    const code = await step();
    if (code !== 0) return code;
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
