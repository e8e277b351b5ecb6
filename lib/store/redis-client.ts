/** The part of a node-redis client (`@redis/client` 1) that the store uses. */
export interface RedisClient {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  readonly options?: RedisClientFacts | undefined;
  sendCommand(args: string[]): Promise<unknown>;
  on(event: 'connect' | 'ready', listener: () => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  connect(): Promise<unknown>;
  quit(): Promise<unknown>;
  disconnect(): Promise<void>;
  unref(): void;
}

/** What a client was made with, as far as the checklist asks. */
export interface RedisClientFacts {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly socket?: object | undefined;
}

/** The part of a node-redis cluster client that the store uses: its connections, one to each node. */
export interface RedisClusterClient {
  readonly isOpen: boolean;
  readonly masters: readonly RedisClusterNode[];
  readonly nodeByAddress: ReadonlyMap<string, RedisClusterNode>;
  nodeClient(node: RedisClusterNode): RedisClient | Promise<RedisClient>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

export interface RedisClusterNode {
  /** `host:port` as the cluster announces it. */
  readonly address: string;
  /** Whether its connection reads from a replica. */
  readonly readonly: boolean;
  readonly client?: RedisClient | Promise<RedisClient> | undefined;
}
