import type { Duration } from '../common/duration.js';
import type { FieldSchema } from './auth-options.js';

export interface AdministrationOptions {
  /** Columns that an administrator may set at `/admin/users` beside those that Gatehouse knows. Default: none. */
  readonly fields?: FieldSchema;
}

export interface ApiKeyOptions {
  /** What stands between `gk_` and the id of a key, so that a key shows where it belongs. Default `'live'` in production, else `'test'`. */
  readonly label?: string;
  /** Life of a key for which none is asked. Default `'365d'`. */
  readonly ttl?: Duration;
  /** Keys of one user that are neither revoked nor over. Default 20. */
  readonly cap?: number;
  /** Requests of one key in a minute. Default 600. */
  readonly rateLimit?: number;
}

export interface ImpersonationOptions {
  /** Longest life of an impersonation. Default `'1h'`; `'1m'` to `'24h'`. */
  readonly ttl?: Duration;
}

export interface IpRuleOptions {
  /** `'blocklist'`: everybody but blocked networks. `'allowlist'`: nobody but allowed ones. Default `'blocklist'`. */
  readonly mode?: 'blocklist' | 'allowlist';
  /** Paths that are answered whatever the rules say, such as that of a health check, without query. Default `[]`. */
  readonly exempt?: readonly string[];
}

export interface ResourceTokenOptions {
  /** Life of a link to a protected file. Default `'2m'`; at most `'1h'`. */
  readonly ttl?: Duration;
}
