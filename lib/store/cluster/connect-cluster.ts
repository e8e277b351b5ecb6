import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Clock } from '../../common/clock.js';
import type { RedisSettings } from '../../options/auth-settings.js';
import { abortable } from '../abortable.js';
import type { RedisClusterClient } from '../redis-client.js';
import { failureReason, redisEndpoint } from '../redis-endpoint.js';
import { redisFactory } from '../redis-factory.js';
import { redisUnreachable } from '../redis-unreachable.js';
import type { ClusterNodes } from './cluster-nodes.js';
import { ClusterTopology } from './cluster-topology.js';
import { seenThroughAny, slotsKnownTo } from './first-seen.js';
import { OwnClusterNodes } from './own-cluster-nodes.js';
import { RedisCluster } from './redis-cluster.js';
import { seedTarget } from './seed-target.js';
import { SharedClusterNodes } from './shared-cluster-nodes.js';
import type { SlotMap } from './slot-map.js';

const RETRY_MS = 100;

/** Connects to the cluster of the first of these nodes that answers. */
export function connectCluster(urls: readonly string[], settings: RedisSettings, clock: Clock): Promise<RedisCluster> {
  return withDeadline(settings.connectTimeoutMs, async (signal) => {
    const makeClient = await redisFactory();
    const targets = urls.map(seedTarget);
    const seeds = targets.map(redisEndpoint);
    const { map, target } = await seenThroughAny(targets, makeClient, signal).catch((error: AggregateError) => {
      const reasons = new Set(error.errors.map(({ message }: Error) => message));
      throw redisUnreachable(hostsOf({ seeds }), [...reasons].join(', '), 'redis.cluster');
    });
    const nodes = new OwnClusterNodes(seeds, target, makeClient, { ...settings, clock });
    return serving(map, nodes, settings, clock, signal);
  });
}

/** Takes the connections of a cluster client of the application, which stay its own. */
export function shareCluster(
  cluster: RedisClusterClient,
  settings: RedisSettings,
  clock: Clock,
): Promise<RedisCluster> {
  // Without this listener a dying node ends the process.
  cluster.on('error', () => undefined);
  return withDeadline(settings.connectTimeoutMs, async (signal) => {
    const asked = cluster.masters.map(async (master) => {
      const client = await cluster.nodeClient(master);
      return { client, map: await slotsKnownTo(client, signal) };
    });
    const { client, map } = await abortable(Promise.any(asked), signal).catch((error: unknown) => {
      const reason = error instanceof AggregateError ? failureReason(error.errors[0]) : 'NO_ANSWER';
      const host = cluster.masters.map(({ address }) => address).join(', ') || 'no node';
      throw redisUnreachable(host, reason, 'redis.cache');
    });
    const { username, password, socket } = client.options ?? {};
    const own = new OwnClusterNodes(
      [],
      {
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(socket === undefined ? {} : { socket }),
      },
      await redisFactory(),
      { ...settings, clock },
    );
    return serving(map, new SharedClusterNodes(cluster, own, { ...settings, clock }), settings, clock, signal);
  });
}

/** Waits for every master. Past the deadline those that do answer are enough: the others' slots are refused meanwhile. */
async function serving(
  map: SlotMap,
  nodes: ClusterNodes,
  settings: RedisSettings,
  clock: Clock,
  signal: AbortSignal,
): Promise<RedisCluster> {
  const topology = new ClusterTopology(map, nodes, clock);
  const cluster = new RedisCluster(topology, nodes.seeds, settings.commandTimeoutMs);
  for (;;) {
    const answers = await cluster.probe();
    const silent = answers.filter((answer) => answer.status === 'rejected');
    if (silent.length === 0 && topology.slots.complete) return cluster;
    if (signal.aborted && silent.length < answers.length) {
      const count = `${answers.length - silent.length} of ${answers.length} masters`;
      new Logger('RedisStateStore').warn(
        `Redis Cluster at ${hostsOf(nodes)}: ${count} answer. What the others hold is answered 503.`,
      );
      return cluster;
    }
    if (signal.aborted) {
      await cluster.close();
      const reason = failureReason((silent[0]?.reason as Error | undefined)?.cause);
      throw redisUnreachable(hostsOf(nodes), reason, 'redis.cluster');
    }
    await sleep(RETRY_MS);
  }
}

function hostsOf({ seeds }: Pick<ClusterNodes, 'seeds'>): string {
  return seeds.map(({ host }) => host).join(', ');
}

async function withDeadline<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), ms);
  try {
    return await work(deadline.signal);
  } finally {
    clearTimeout(timer);
    // Whatever has not been needed is given up.
    deadline.abort();
  }
}
