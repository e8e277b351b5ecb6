import { defineConfig } from 'vitest/config';
import { folderOf, skippedSpecsOf, specsOf } from './folders.mjs';
import { warmPool } from './warm-pool.mjs';

/**
 * The specs that judge the mutants of one folder. They run in one process, on SQLite and the store in memory, and without
 * the services of `npm test`: a mutant costs a moment, not a start of servers.
 */
export default defineConfig({
  plugins: process.env.MUTATION_FRESH === '1' ? [] : [warmPool],
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    include: specsOf(folderOf(process.env)),
    exclude: skippedSpecsOf(folderOf(process.env)),
    isolate: false,
    pool: 'threads',
    maxWorkers: 1,
    testTimeout: 15_000,
    hookTimeout: 20_000,
  },
});
