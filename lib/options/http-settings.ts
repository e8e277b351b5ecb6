import { durationMs } from '../common/duration.js';
import type { CorsSettings, HstsSettings, HttpSettings } from './auth-settings.js';
import type { CorsOptions, HstsOptions } from './http-options.js';
import { bytesOf } from './http-values.js';

const EXPOSED_HEADERS = ['Retry-After', 'WWW-Authenticate'];

interface ReadHttp {
  readonly cors: boolean | CorsOptions;
  readonly hsts: boolean | HstsOptions;
  readonly hosts: readonly string[];
  readonly bodyLimit: string;
  readonly pages: readonly string[];
  readonly apiDocs: boolean;
}

/** @param origins those of the application, that of `baseUrl` first. */
export function httpSettings(read: ReadHttp, baseUrl: URL, origins: readonly string[]): HttpSettings {
  return {
    cors: corsSettings(read.cors, origins),
    hsts: hstsSettings(read.hsts),
    hosts: read.hosts.length > 0 ? read.hosts : [baseUrl.host],
    bodyLimitBytes: bytesOf(read.bodyLimit)!,
    pages: read.pages,
    apiDocs: read.apiDocs,
  };
}

function corsSettings(cors: boolean | CorsOptions, origins: readonly string[]): CorsSettings | undefined {
  if (cors === false) return undefined;
  const { origins: more = [], credentials = true, exposedHeaders = EXPOSED_HEADERS } = cors === true ? {} : cors;
  const listed = more === '*' ? more : [...new Set([...origins, ...more.map((origin) => new URL(origin).origin)])];
  return { origins: listed, credentials, exposedHeaders };
}

function hstsSettings(hsts: boolean | HstsOptions): HstsSettings | undefined {
  if (hsts === false) return undefined;
  const { maxAge = '365d', includeSubDomains = true, preload = false } = hsts === true ? {} : hsts;
  return { maxAgeMs: durationMs(maxAge)!, includeSubDomains, preload };
}
