import type { RedisEndpoint } from './redis-endpoint.js';

export type SendCommand = (args: string[]) => Promise<unknown>;

export interface RedisDiagnostics extends RedisEndpoint {
  /**
   * `maxmemory_policy` of `INFO memory`; of a cluster the worst of its masters. Absent when the server does not say. Anything
   * but `noeviction` loses locks.
   */
  readonly evictionPolicy?: string;
}

/** The way to one Redis, or to the node of a cluster that holds a key. */
export interface RedisTransport {
  readonly endpoint: RedisEndpoint;
  /**
   * Runs the commands of one operation on one key within the deadline; every failure is `STORE_UNAVAILABLE`.
   *
   * @param late gets what was answered after the caller had been refused.
   */
  run<T>(key: string, work: (send: SendCommand) => Promise<T>, late?: (reply: T) => void): Promise<T>;
  /** Epoch ms of the last (re)connection or change of topology. */
  connectedAt(): number;
  /** Every server that holds keys answers. */
  ping(): Promise<void>;
  diagnostics(): Promise<RedisDiagnostics>;
  close(): Promise<void>;
}
