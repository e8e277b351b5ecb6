import os from 'node:os';
import path from 'node:path';
import { dataOf, folderOf } from './folders.mjs';

const folder = folderOf(process.env);
// Outside the repository: reports and sandboxes are no part of it.
const made = path.join(os.tmpdir(), 'gatehouse-mutation');

/** Mutants of one folder of `lib/`; `npm run proof -- mutation FOLDER` runs it. */
export default {
  plugins: ['@stryker-mutator/vitest-runner', path.resolve('tools/mutation/texts.mjs')],
  ignorers: ['texts'],
  testRunner: 'vitest',
  vitest: { configFile: 'tools/mutation/vitest.config.mjs', related: false },
  coverageAnalysis: 'perTest',
  mutate: [`lib/${folder}/**/*.ts`, '!**/*.spec.ts', ...dataOf(folder).map((file) => `!lib/${folder}/${file}`)],
  // A copy of all that runs: not the samples, pages and builds.
  ignorePatterns: [
    '*',
    '!lib',
    '!lib/**',
    '!test',
    '!test/**',
    '!tools',
    '!tools/**',
    '!package.json',
    '!tsconfig.json',
  ],
  concurrency: 1,
  // What a module computes as it is read (tables, regular expressions, SQL and scripts kept in constants): to judge one such
  // mutant all specs have to begin anew, with every module.
  ignoreStatic: true,
  timeoutMS: 3_000,
  timeoutFactor: 2,
  checkers: [],
  tempDirName: path.join(made, 'sandboxes', folder),
  incremental: true,
  incrementalFile: path.join(made, `${folder}.json`),
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: path.join(made, `${folder}.report.json`) },
  clearTextReporter: { allowColor: false, reportTests: false, reportMutants: false },
  thresholds: { high: 95, low: 85, break: 85 },
};
