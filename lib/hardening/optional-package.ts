import { createRequire } from 'node:module';
import { StartUpError } from '../errors/start-up-error.js';

/** Finds packages as this one does, and loads them only when they are asked for. */
const load = createRequire(import.meta.url);

/**
 * An optional package, without waiting: `harden(app)` has no promise that could be forgotten.
 *
 * @throws StartUpError that says what to install.
 */
export function optionalPackage<Package>(name: string, neededBy: string): Package {
  try {
    return load(name) as Package;
  } catch (error) {
    const { code = 'it could not be loaded' } = error as { readonly code?: string };
    throw new StartUpError(`${neededBy} needs a package.`, [`${name} is not there: npm install ${name} (${code}).`]);
  }
}
