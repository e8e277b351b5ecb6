import { ThreadsPoolWorker } from 'vitest/node';

const RUNS_A_THREAD = 150;
let kept = { thread: undefined, runs: 0 };

/** A thread that outlives a run, with every module it has read: the next mutant finds Nest and TypeORM loaded. */
class WarmWorker extends ThreadsPoolWorker {
  name = 'warm';
  #listeners = [];

  async start() {
    if (kept.runs >= RUNS_A_THREAD) {
      await coolDown();
    }
    this._thread = kept.thread;
    await super.start();
    kept = { thread: this._thread, runs: kept.runs + 1 };
  }

  on(event, callback) {
    this.#listeners.push([event, callback]);
    super.on(event, callback);
  }

  /** A thread that heard "stop" listens no more: it is answered for. */
  send(message) {
    if (message.type !== 'stop') return super.send(message);
    const stopped = { __vitest_worker_response__: true, type: 'stopped' };
    for (const [event, callback] of this.#listeners) if (event === 'message') callback(stopped);
  }

  async stop() {
    for (const [event, callback] of this.#listeners.splice(0)) super.off(event, callback);
    this._thread.stdout.unpipe(this.stdout);
    this._thread.stderr.unpipe(this.stderr);
    this._thread = undefined;
  }
}

/** Ends the thread, so that the process can. */
export async function coolDown() {
  await kept.thread?.terminate();
  kept = { thread: undefined, runs: 0 };
}

/**
 * Stryker starts vitest's pool of threads anew for every mutant and reads all modules again, which is nine tenths of the
 * time. What a mutant leaves behind in a module can reach the next one: `MUTATION_FRESH=1` gives each a thread of its own.
 */
export const warmPool = {
  name: 'warm-pool',
  configureVitest({ project, vitest }) {
    vitest.onClose(coolDown);
    project.config.pool = 'warm';
    project.config.poolRunner = { name: 'warm', createPoolWorker: (options) => new WarmWorker(options) };
  },
};
