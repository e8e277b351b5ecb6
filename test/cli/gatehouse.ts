import { join } from 'node:path';
import { ROOT, startScript, type Environment, type Running } from '../production/processes.js';

/** The built binary, with nothing of this environment but what is given. */
export function startGatehouse(args: readonly string[], environment: Environment = {}): Running {
  return startScript(join(ROOT, 'dist', 'cli', 'gatehouse.js'), environment, ...args);
}

export async function gatehouse(
  args: readonly string[],
  environment: Environment = {},
): Promise<{ readonly code: number | null; readonly output: string; readonly stdout: string }> {
  const running = startGatehouse(args, environment);
  const code = await running.ended;
  return { code, output: running.output(), stdout: running.stdout() };
}
