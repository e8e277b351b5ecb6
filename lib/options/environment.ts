import type { AuthEnvironment } from './auth-options.js';
import { isLoopbackHost } from './loopback.js';

export const ENVIRONMENTS = ['production', 'development', 'test'] as const satisfies readonly AuthEnvironment[];

/**
 * Where the application runs. A forgotten `NODE_ENV` means production as soon as the API is reached under a name that is not
 * this machine's, so that no check is skipped by omission; and what the options say makes it stricter, never laxer.
 */
export function resolveEnvironment(said: unknown, nodeEnv: string | undefined, baseUrl: unknown): AuthEnvironment {
  const found = byCircumstances(nodeEnv, baseUrl);
  const named = ENVIRONMENTS.find((name) => name === said);
  if (named === undefined || found === 'production') return found;
  return named;
}

function byCircumstances(nodeEnv: string | undefined, baseUrl: unknown): AuthEnvironment {
  const named = ENVIRONMENTS.find((name) => name === nodeEnv);
  if (named !== undefined) return named;
  return typeof baseUrl === 'string' && URL.canParse(baseUrl) && isLoopbackHost(new URL(baseUrl).hostname)
    ? 'development'
    : 'production';
}
