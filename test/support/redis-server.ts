import { findRedis, startRedis as startProcess } from '../../tools/lib/redis.mjs';

/** A Redis of one spec alone, to break. */
export interface PrivateRedis {
  readonly url: string;
  /** Process id of the server that runs now; another one after `restart()`. */
  readonly pid: number;
  /** Freezes the server: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Ends the server at once, paused or not: connections break and new ones are refused. */
  stop(): Promise<void>;
  /** A new, empty server on the same port, after `stop()` or in place of the running one. */
  restart(): Promise<void>;
}

/** Starts a Redis server on a free loopback port. It ends with `stop()`, at the latest with the process of the spec. */
export async function startRedis(): Promise<PrivateRedis> {
  const binary = findRedis();
  if (binary === undefined) {
    throw new Error('redis-server is missing on this machine (on Debian: apt-get install redis-server)');
  }
  let server = await startProcess(binary);
  const { url, port } = server;
  return {
    url,
    get pid() {
      return server.pid;
    },
    pause: () => void process.kill(server.pid, 'SIGSTOP'),
    resume: () => void process.kill(server.pid, 'SIGCONT'),
    stop: () => server.stop(),
    restart: async () => {
      await server.stop();
      server = await startProcess(binary, { port });
    },
  };
}
