import { defineConfig } from 'vitest/config';

/**
 * TypeORM keeps one list of entities for a process. Specs that declare some of their own, and those that start processes of
 * their own and so gain nothing, have a process each; all others share their modules, which are then read once.
 */
const ALONE = [
  'lib/database/mysql-rules.spec.ts',
  'test/accounts/{column-values,deletion}.spec.ts',
  'test/checklist/binary.spec.ts',
  'test/database/**/*.spec.ts',
  'test/docs/**/*.spec.ts',
  'test/init/**/*.spec.ts',
  'test/keys/sealed-columns.spec.ts',
  'test/migrations/**/*.spec.ts',
  'test/module/**/*.spec.ts',
  'test/passwords/{imported,pepper,stored}.spec.ts',
  'test/production/**/*.spec.ts',
  'test/quickstart/**/*.spec.ts',
  'test/recovery/unproven-columns.spec.ts',
  'test/samples/**/*.spec.ts',
  'test/users/**/*.spec.ts',
];

export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    // More than two processors have: many specs wait for deadlines, browsers and other processes.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['lib/**/*.spec.ts', 'test/**/*.spec.ts'],
          exclude: ALONE,
          isolate: false,
          pool: 'forks',
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, pool: 'forks', testTimeout: 30_000, hookTimeout: 60_000 },
      },
    ],
  },
});
