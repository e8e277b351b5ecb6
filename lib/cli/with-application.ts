import { loadApplication, type LoadedApplication } from './application.js';
import { unexpected } from './doctor/failure.js';

/** Runs a command on an application and closes it again, however the command ends. */
export async function withApplication<T>(
  modulePath: string,
  work: (loaded: LoadedApplication) => Promise<T>,
): Promise<T> {
  const loaded = await loadApplication(modulePath).catch(unexpected);
  try {
    return await work(loaded);
  } finally {
    // What could not be closed ends with the process.
    await loaded.close().catch(() => undefined);
  }
}
