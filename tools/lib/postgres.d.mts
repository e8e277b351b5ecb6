export interface PostgresProcess {
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

export function findPostgres(): string | undefined;
/** `durable`: what is committed survives the end of the machine too. Default `false`. */
export function startPostgres(binaries: string, options?: { readonly durable?: boolean }): Promise<PostgresProcess>;
