export interface RedisClusterProcesses {
  readonly ports: readonly number[];
  pidOf(index: number): number;
  kill(index: number): Promise<void>;
  restart(index: number): Promise<void>;
  command(index: number, ...words: readonly string[]): Promise<string>;
  untilWhole(): Promise<void>;
  stop(): Promise<void>;
}

export interface RedisClusterOptions {
  /** Default 3, the fewest that a cluster has. */
  readonly masters?: number;
  /** Replicas of each master. Default 0. */
  readonly replicas?: number;
  /** After this long without an answer a node counts as gone. Default 2,000. */
  readonly nodeTimeoutMs?: number;
}

export function startRedisCluster(binary: string, options?: RedisClusterOptions): Promise<RedisClusterProcesses>;
