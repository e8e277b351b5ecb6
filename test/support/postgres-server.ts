import { findPostgres, installPostgres } from '../../tools/lib/postgres.mjs';
import { createDatabase } from '../../tools/lib/services.mjs';

/** A PostgreSQL of one spec alone, to break. */
export interface PrivatePostgres {
  /** Of an empty database. */
  readonly url: string;
  /** SIGKILL of the postmaster: connections break, and nothing is tidied up. */
  kill(): Promise<void>;
  /** The same server again, on the same port with the data that it had. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const START_WITHIN_MS = 10_000;

/** Starts a PostgreSQL on a free loopback port. It ends with `stop()`, at the latest with the process of the spec. */
export async function startPostgres(): Promise<PrivatePostgres> {
  const binaries = findPostgres();
  if (binaries === undefined) throw new Error('PostgreSQL is missing on this machine');
  // What is acknowledged is to be there after a kill.
  const installation = await installPostgres(binaries, { durable: true });
  const run = () => installation.run({ keep: true, endWith: 'SIGKILL' });
  let server = await run();
  return {
    url: await createDatabase(installation.url, 'faults_'),
    kill: () => server.stop(),
    restart: async () => {
      // The processes of a dead postmaster end a moment after it, and no new one starts before.
      for (const begun = performance.now(); ;) {
        try {
          server = await run();
          return;
        } catch (error) {
          if (performance.now() - begun > START_WITHIN_MS) throw error;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    },
    stop: async () => {
      await server.stop();
      installation.remove();
    },
  };
}
