import { setTimeout as sleep } from 'node:timers/promises';
import { abortable } from '../abortable.js';
import type { RedisClient } from '../redis-client.js';
import { discardClient } from '../redis-connection.js';
import { failureReason, redisEndpoint } from '../redis-endpoint.js';
import { connected, type MakeClient, type RedisTarget } from '../redis-factory.js';
import { hostAndPort, SlotMap } from './slot-map.js';

const RETRY_MS = 100;
const NO_CLUSTER = 'cluster support disabled';

export interface FirstSeen {
  readonly map: SlotMap;
  /** The node that told, and so the way to reach the others. */
  readonly target: RedisTarget;
}

/** Asks all nodes at once, so that one that hangs costs nothing, and takes the first answer. Fails when all of them have. */
export async function seenThroughAny(
  targets: readonly RedisTarget[],
  makeClient: MakeClient,
  signal: AbortSignal,
): Promise<FirstSeen> {
  const found = new AbortController();
  const either = AbortSignal.any([signal, found.signal]);
  const seenThrough = async (target: RedisTarget): Promise<FirstSeen> => {
    const client = makeClient(target);
    try {
      return { target, map: await slotsKnownTo(await connected(client, either), either) };
    } finally {
      discardClient(client);
    }
  };
  try {
    return await Promise.any(targets.map(seenThrough));
  } finally {
    found.abort();
  }
}

/** Waits for a node that is loading or has not joined yet. The message of the error is one safe word. */
export async function slotsKnownTo(client: RedisClient, signal: AbortSignal): Promise<SlotMap> {
  const { host } = hostAndPort(redisEndpoint(client.options).host);
  for (let reason = 'NO_ANSWER'; ;) {
    try {
      const map = SlotMap.parse(await abortable(client.sendCommand(['CLUSTER', 'SLOTS']), signal), host);
      if (map !== undefined) return map;
      reason = 'NO_SLOTS';
    } catch (error) {
      if (signal.aborted) throw new Error(reason, { cause: error });
      reason = (error as Error).message.includes(NO_CLUSTER) ? 'NO_CLUSTER' : failureReason(error);
      if (reason !== 'LOADING') throw new Error(reason, { cause: error });
    }
    await sleep(RETRY_MS);
  }
}
