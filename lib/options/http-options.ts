import type { Duration } from '../common/duration.js';

export interface CorsOptions {
  /** Exact origins beside those of the option `origins`, or `'*'`, which goes with `credentials: false` alone. Default `[]`. */
  readonly origins?: readonly string[] | '*';
  /** Whether pages of these origins send cookies. Default `true`. */
  readonly credentials?: boolean;
  /** Headers of answers that pages may read beside the usual ones. Default `['Retry-After', 'WWW-Authenticate']`. */
  readonly exposedHeaders?: readonly string[];
}

export interface HstsOptions {
  /** Default `'365d'`. */
  readonly maxAge?: Duration;
  /** Default `true`. */
  readonly includeSubDomains?: boolean;
  /** Default `false`: a promise for years that only the owner of the domain can give. */
  readonly preload?: boolean;
}

/** What `harden(app)` does. It takes nothing else: what it sets up is known to the checklist. */
export interface HttpOptions {
  /** `false`: no page of another origin reads answers. Default: pages of `origins`, with cookies. */
  readonly cors?: boolean | CorsOptions;
  /** Sent where `baseUrl` is https. Default `true`. */
  readonly hsts?: boolean | HstsOptions;
  /**
   * Names in the `Host` header that are answered, with a port where it is not 80 or 443; others get 400. Names of this
   * machine are answered as well: to this machine, and to everybody outside production. Default: that of `baseUrl`.
   */
  readonly hosts?: readonly string[];
  /** Largest JSON or form body, such as `'100kb'`. Default `'100kb'`; at most `'10mb'`. */
  readonly bodyLimit?: string;
  /**
   * Paths whose answers are pages, with all below them (`/` alone by itself): they get the content policy of a page of
   * this origin, or keep one that they set themselves. All others get the one of an API. Default `[]`.
   */
  readonly pages?: readonly string[];
  /** Serves what `setupApiDocs` sets up in production too. Default `false`. */
  readonly apiDocs?: boolean;
}
