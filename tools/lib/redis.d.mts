export interface RedisProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

export function findRedis(): string | undefined;
export function startRedis(binary: string, options?: { readonly port?: number }): Promise<RedisProcess>;
