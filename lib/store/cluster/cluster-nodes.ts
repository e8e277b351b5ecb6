import type { RedisConnection } from '../redis-connection.js';
import type { RedisEndpoint } from '../redis-endpoint.js';

/** Where connections to the nodes of a cluster come from. */
export interface ClusterNodes {
  /** The nodes that the settings name. */
  readonly seeds: readonly RedisEndpoint[];
  /** A connection to the node, at once; it may still be on its way. */
  open(address: string, onTrouble: () => void): RedisConnection;
  /** Whether a connection opened before is still the one to use for this address. */
  isCurrent(address: string, node: RedisConnection): boolean;
}
