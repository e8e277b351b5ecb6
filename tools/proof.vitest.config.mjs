import { defineConfig } from 'vitest/config';

/** Proofs are long: floods, restarts, races. They run one at a time, by name, apart from `npm test`. */
export default defineConfig({
  root: '.',
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    include: ['test/proof/**/*.proof.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    testTimeout: 30 * 60_000,
    hookTimeout: 5 * 60_000,
    maxWorkers: 1,
  },
});
