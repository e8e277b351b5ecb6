export type ServiceName = 'postgres' | 'mariadb' | 'redis' | 'chromium';

export interface Service {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Path of a Chromium or Chrome, when there is one. */
export function findChromium(): string | undefined;
/** One sentence for {@link findChromium} that found none, and for its siblings. */
export function howToGet(name: ServiceName): string;
export function startService(name: ServiceName): Promise<Service>;
export function createDatabase(url: string, prefix: string): Promise<string>;
export function dropDatabases(url: string, prefix: string): Promise<void>;
