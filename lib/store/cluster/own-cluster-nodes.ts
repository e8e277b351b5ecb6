import { RedisConnection, type RedisConnectionOptions } from '../redis-connection.js';
import type { RedisEndpoint } from '../redis-endpoint.js';
import type { MakeClient, RedisTarget } from '../redis-factory.js';
import type { ClusterNodes } from './cluster-nodes.js';
import { hostAndPort } from './slot-map.js';

/** Connections of our own, all made with the credentials and the encryption of one target. */
export class OwnClusterNodes implements ClusterNodes {
  constructor(
    readonly seeds: readonly RedisEndpoint[],
    private readonly template: RedisTarget,
    private readonly makeClient: MakeClient,
    private readonly options: Pick<RedisConnectionOptions, 'clock' | 'commandTimeoutMs'>,
  ) {}

  open(address: string, onTrouble: () => void): RedisConnection {
    const target = { ...this.template, socket: { ...this.template.socket, ...hostAndPort(address) } };
    const makeClient = () => this.makeClient(target);
    const client = makeClient();
    const node = new RedisConnection(client, { ...this.options, makeClient, onTrouble });
    // It ends only with the client; failures on the way are `error` events.
    client.connect().catch(() => undefined);
    return node;
  }

  isCurrent(): boolean {
    return true;
  }
}
