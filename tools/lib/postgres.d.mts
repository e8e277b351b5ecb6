export interface PostgresProcess {
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

/** A folder with data and a port, on which servers can be run one after another. */
export interface PostgresInstallation {
  readonly url: string;
  run(options?: {
    readonly keep?: boolean;
    /** Default `SIGQUIT`. */
    readonly endWith?: 'SIGQUIT' | 'SIGKILL';
  }): Promise<Omit<PostgresProcess, 'url'>>;
  remove(): void;
}

export function findPostgres(): string | undefined;
/** `durable`: what is committed survives the end of the machine too. Default `false`. */
export function startPostgres(binaries: string, options?: { readonly durable?: boolean }): Promise<PostgresProcess>;
export function installPostgres(
  binaries: string,
  options?: { readonly durable?: boolean },
): Promise<PostgresInstallation>;
