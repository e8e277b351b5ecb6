import { durationMs } from '../common/duration.js';
import { field, flag, isRecord, type Complaint, type Field, type FieldsOf } from './fields.js';
import type { CorsOptions, HstsOptions, HttpOptions } from './http-options.js';
import { list } from './list-fields.js';
import { originProblem } from './url-values.js';

const HOST = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const PATH = /^\/[^?#\s]{0,199}$/;
const SIZE = /^(\d{1,6})(b|kb|mb)$/;
const BYTES = { b: 1, kb: 1_024, mb: 1_048_576 } as const;
const MAX_BODY = 10 * BYTES.mb;

export const http = {
  cors: field<boolean | CorsOptions>(true, corsProblem),
  hsts: field<boolean | HstsOptions>(true, hstsProblem),
  hosts: list([], text(HOST, "must be a host name, such as 'api.example.com' or 'localhost:3000'."), {
    convert: (host) => host.toLowerCase(),
  }) as Field<readonly string[]>,
  bodyLimit: field<string>('100kb', (value) => {
    const bytes = typeof value === 'string' ? bytesOf(value) : undefined;
    return bytes !== undefined && bytes > 0 && bytes <= MAX_BODY ? undefined : "must be a size from '1b' to '10mb'.";
  }),
  pages: list([], text(PATH, "must be a path, such as '/docs'.")),
  apiDocs: flag(false),
} satisfies FieldsOf<HttpOptions>;

/** The bytes of a size such as `'100kb'`. */
export function bytesOf(size: string): number | undefined {
  const [, amount, unit] = SIZE.exec(size) ?? [];
  return unit === undefined ? undefined : Number(amount) * BYTES[unit as keyof typeof BYTES];
}

function corsProblem(value: unknown): string | undefined {
  if (typeof value === 'boolean') return undefined;
  if (!isRecord(value)) return 'must be true, false or an object.';
  const { origins = [], credentials = true, exposedHeaders = [], ...rest } = value;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return 'knows origins, credentials and exposedHeaders.';
  if (typeof credentials !== 'boolean') return 'credentials must be true or false.';
  if (!isListOf(exposedHeaders, text(HEADER, 'no header'))) return 'exposedHeaders must be a list of header names.';
  if (origins === '*') return undefined;
  return isListOf(origins, originProblem) ? undefined : "origins must be '*' or a list of origins.";
}

function hstsProblem(value: unknown): string | undefined {
  if (typeof value === 'boolean') return undefined;
  if (!isRecord(value)) return 'must be true, false or an object.';
  const { maxAge = '365d', includeSubDomains = true, preload = false, ...rest } = value;
  if (Object.keys(rest).length > 0) return 'knows maxAge, includeSubDomains and preload.';
  if (typeof maxAge !== 'string' || durationMs(maxAge) === undefined) return "maxAge must be such as '365d'.";
  return typeof includeSubDomains === 'boolean' && typeof preload === 'boolean'
    ? undefined
    : 'includeSubDomains and preload must be true or false.';
}

function isListOf(value: unknown, complain: Complaint): boolean {
  return Array.isArray(value) && (value as unknown[]).every((item) => complain(item) === undefined);
}

function text(expected: RegExp, complaint: string): Complaint {
  return (item) => (typeof item === 'string' && expected.test(item) ? undefined : complaint);
}
