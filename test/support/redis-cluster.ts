import { startRedisCluster as startProcesses, type RedisClusterOptions } from '../../tools/lib/redis-cluster.mjs';
import { findRedis } from '../../tools/lib/redis.mjs';

/** A Redis Cluster of one spec alone, to use and to break. Nodes are counted from 0: masters first, then replicas. */
export interface PrivateRedisCluster {
  /** Addresses of all nodes, for `redis.cluster`. They stay the same over `restart()`. */
  readonly urls: readonly string[];
  /** Which node serves this key at the moment, as the cluster sees it through node `through` (default 0). */
  ownerOf(key: string, through?: number): Promise<number>;
  /** What `redis-cli` answers for this command on this node, such as `command(0, 'cluster', 'failover')`. Throws errors. */
  command(index: number, ...words: readonly string[]): Promise<string>;
  /** Freezes a node: connections stay open and nothing answers. */
  pause(index: number): void;
  resume(index: number): void;
  /** Ends a node at once, paused or not: connections break and new ones are refused. */
  kill(index: number): Promise<void>;
  /** The same node again, on the same port with the same slots, without data. */
  restart(index: number): Promise<void>;
  /** Waits until every node finds the cluster in order and every replica is up to date. All of them must run. */
  untilWhole(): Promise<void>;
  /** Removes all keys. */
  flush(): Promise<void>;
  /** Ends all nodes and removes what they wrote. */
  stop(): Promise<void>;
}

/**
 * Starts a Redis Cluster on free loopback ports, in about 3 s. It ends with `stop()`, at the latest with the process of the
 * spec. A node that is gone takes only its own slots with it; with replicas one of them is promoted after `nodeTimeoutMs`
 * and about 1 s.
 */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<PrivateRedisCluster> {
  const binary = findRedis();
  if (binary === undefined) {
    throw new Error('redis-server is missing on this machine (on Debian: apt-get install redis-server)');
  }
  const cluster = await startProcesses(binary, options);
  return {
    urls: cluster.ports.map((port) => `redis://127.0.0.1:${port}`),
    ownerOf: async (key, through = 0) => {
      const slot = Number(await cluster.command(through, 'cluster', 'keyslot', key));
      return ownerOf(slot, await cluster.command(through, '--json', 'cluster', 'slots'), cluster.ports);
    },
    command: (index, ...words) => cluster.command(index, ...words),
    pause: (index) => void process.kill(cluster.pidOf(index), 'SIGSTOP'),
    resume: (index) => void process.kill(cluster.pidOf(index), 'SIGCONT'),
    kill: (index) => cluster.kill(index),
    restart: (index) => cluster.restart(index),
    untilWhole: () => cluster.untilWhole(),
    flush: async () => {
      // A replica refuses, and is emptied by its master.
      for (const index of cluster.ports.keys()) await cluster.command(index, 'flushall').catch(() => undefined);
    },
    stop: () => cluster.stop(),
  };
}

function ownerOf(slot: number, slots: string, ports: readonly number[]): number {
  const ranges = JSON.parse(slots) as [from: number, to: number, master: [host: string, port: number]][];
  const range = ranges.find(([from, to]) => from <= slot && slot <= to);
  return range === undefined ? -1 : ports.indexOf(range[2][1]);
}
