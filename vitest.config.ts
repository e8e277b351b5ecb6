import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Specs that wait long for processes of their own. One that began last would be waited for alone. */
const LONGEST = [
  'test/cli/reseal-rotation',
  'test/docs/examples',
  'test/faults/nth-call/nth-call',
  'test/flows/audit',
  'test/flows/kills',
  'test/init/nest-new',
  'test/packed/packed',
  'test/production/rotation',
  'test/quickstart/quickstart-flows',
  'test/samples/tokens',
];

/** The longest first, then the largest, as always. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      LONGEST.some((name) => moduleId.endsWith(`/${name}.spec.ts`));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    include: ['lib/**/*.spec.ts', 'test/**/*.spec.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Specs share a process and the modules in it, which are then read once and not hundreds of times.
    pool: 'forks',
    isolate: false,
    // Most of what runs does so a few times: code is optimised later than where it runs for days, with less work in all.
    execArgv: ['--interrupt-budget=1000000'],
    setupFiles: ['test/support/forget-entities.ts'],
    sequence: { sequencer: LongestFirst },
    // More than two processors have: many specs wait for deadlines, browsers and other processes.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
