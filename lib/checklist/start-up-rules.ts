import { StartUpError } from '../errors/start-up-error.js';
import { identifierEvidence } from './evidence.js';

/**
 * What refuses a start beside the checklist, each of it read-only. A list, so that `gatehouse doctor` tells of it without
 * starting the application.
 */
export interface StartUpRule {
  /** What it looks at. */
  readonly title: string;
  /** Whether it asks the database. */
  readonly asks: boolean;
  /** @throws StartUpError */
  run(): void | Promise<void>;
}

/** Every {@link StartUpRule}, as a list. Shared by the copies of this package that one process may hold. */
export const START_UP_RULES = Symbol.for('gatehouse:start-up-rules');

/** What would refuse the start, and what could not be looked at: the title of the rule, and why. */
export async function startUpProblems(
  rules: readonly StartUpRule[],
): Promise<{ readonly problems: readonly string[]; readonly unchecked: readonly string[] }> {
  const problems: string[] = [];
  const unchecked: string[] = [];
  for (const rule of rules) {
    try {
      await rule.run();
    } catch (error) {
      // By name: the error of another copy of this package is no instance of the class here.
      if (error instanceof Error && error.name === StartUpError.name)
        problems.push(...(error as StartUpError).problems);
      else unchecked.push(`${rule.title}: ${reasonOf(error)}`);
    }
  }
  return { problems, unchecked };
}

/** No message: that of a driver may quote an address with its password. */
function reasonOf(error: unknown): string {
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  if (code === 'STORE_UNAVAILABLE') return 'the database did not answer in time';
  return identifierEvidence(String(code ?? name));
}
