import { StartUpError } from '../errors/start-up-error.js';

/**
 * What refuses a start beside the checklist, each of it read-only. A list, so that `gatehouse doctor` tells of it without
 * starting the application.
 */
export interface StartUpRule {
  /** Whether it asks the database. */
  readonly asks: boolean;
  /** @throws StartUpError */
  run(): void | Promise<void>;
}

/** Every {@link StartUpRule}, as a list. Shared by the copies of this package that one process may hold. */
export const START_UP_RULES = Symbol.for('gatehouse:start-up-rules');

/** What would refuse the start, and how many rules could not be looked at. */
export async function startUpProblems(
  rules: readonly StartUpRule[],
): Promise<{ readonly problems: readonly string[]; readonly unchecked: number }> {
  const problems: string[] = [];
  let unchecked = 0;
  for (const rule of rules) {
    try {
      await rule.run();
    } catch (error) {
      // By name: the error of another copy of this package is no instance of the class here.
      if (error instanceof Error && error.name === StartUpError.name)
        problems.push(...(error as StartUpError).problems);
      else unchecked += 1;
    }
  }
  return { problems, unchecked };
}
