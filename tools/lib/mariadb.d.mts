export interface MariadbProcess {
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

/** A folder with data and a port, on which servers can be run one after another. */
export interface MariadbInstallation {
  readonly url: string;
  run(options?: { readonly keep?: boolean }): Promise<MariadbProcess>;
  remove(): void;
}

export function findMariadb(): string | undefined;
export function startMariadb(
  binary: string,
  settings?: Readonly<Record<string, string | number>>,
): Promise<MariadbProcess & { readonly url: string }>;
export function installMariadb(
  binary: string,
  settings?: Readonly<Record<string, string | number>>,
): Promise<MariadbInstallation>;
