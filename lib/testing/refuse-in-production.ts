import { StartUpError } from '../errors/start-up-error.js';
import type { AuthSettings } from '../options/auth-settings.js';

/** Part of the testing kit may not be made where people rely on the gate. */
export function refuseInProduction({ environment }: AuthSettings, name: string): void {
  if (environment !== 'production') return;
  throw new StartUpError(`${name} is for tests.`, [
    'environment: nothing of nestjs-gatehouse/testing runs in production.',
  ]);
}
