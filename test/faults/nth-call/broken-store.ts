import { setTimeout as delay } from 'node:timers/promises';
import type { StateStore } from '../../../lib/index.js';
import { storeUnavailable } from '../../../lib/store/store-unavailable.js';
import { Run } from './run.js';

const NO_CALLS = ['connectedAt', 'ping', 'close', 'diagnostics'];

/** The real store, whose operations fail as the port says that they may. `deadlineMs`: what hangs is given up then. */
export function breakStore(store: StateStore, deadlineMs: number): StateStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const operation = value.bind(target) as (...args: unknown[]) => unknown;
      if (name === 'connectedAt') return () => Math.max(operation() as number, Run.current?.reconnectedAt ?? 0);
      if (NO_CALLS.includes(String(name))) return operation;
      return (...args: unknown[]): unknown => {
        const run = Run.current;
        if (run === undefined) return operation(...args);
        const effect = async (): Promise<unknown> => operation(...args);
        return run.track(answer(run, `store ${String(name)}`, effect, deadlineMs));
      };
    },
  });
}

async function answer(run: Run, name: string, effect: () => Promise<unknown>, deadlineMs: number): Promise<unknown> {
  switch (await run.meet(name)) {
    case 'fails at once':
      throw unavailable('OOM');
    case 'hangs past its deadline':
      await delay(deadlineMs);
      // It lies in a socket, and is carried out when nobody waits any more.
      run.track(delay(deadlineMs).then(effect)).catch(() => undefined);
      throw unavailable('NO_ANSWER');
    case 'is lost before its effect':
      run.reconnectedAt = Date.now();
      throw unavailable('NOT_CONNECTED');
    case 'is cut after its effect':
      await effect();
      throw unavailable('NO_ANSWER');
    default:
      return effect();
  }
}

function unavailable(code: string): Error {
  return storeUnavailable(Object.assign(new Error('the store is out of reach'), { code }));
}
