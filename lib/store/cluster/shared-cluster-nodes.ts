import { RedisConnection, type RedisConnectionOptions } from '../redis-connection.js';
import { redisEndpoint, type RedisEndpoint } from '../redis-endpoint.js';
import type { RedisClient, RedisClusterClient } from '../redis-client.js';
import type { ClusterNodes } from './cluster-nodes.js';
import { hostAndPort } from './slot-map.js';

/**
 * The connections of the application's own cluster client. node-redis 4 learns of a failover only when some node redirects
 * it, and keeps a promoted replica in `READONLY` mode: for such nodes there are connections of our own, made alike.
 */
export class SharedClusterNodes implements ClusterNodes {
  readonly seeds: readonly RedisEndpoint[];

  constructor(
    private readonly cluster: RedisClusterClient,
    private readonly own: ClusterNodes,
    private readonly options: Pick<RedisConnectionOptions, 'clock' | 'commandTimeoutMs'>,
  ) {
    this.seeds = cluster.masters.map(({ client, address }) =>
      client === undefined || client instanceof Promise
        ? redisEndpoint({ socket: hostAndPort(address) })
        : redisEndpoint(client.options),
    );
  }

  open(address: string, onTrouble: () => void): RedisConnection {
    const client = this.sharedClient(address);
    return client === undefined
      ? this.own.open(address, onTrouble)
      : new RedisConnection(client, { ...this.options, onTrouble });
  }

  isCurrent(address: string, node: RedisConnection): boolean {
    const client = this.sharedClient(address);
    return node.ours ? client === undefined : node.client === client;
  }

  private sharedClient(address: string): RedisClient | undefined {
    const { client, readonly } = this.cluster.nodeByAddress.get(address) ?? {};
    return client === undefined || client instanceof Promise || readonly === true ? undefined : client;
  }
}
