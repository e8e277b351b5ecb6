import type {
  AdministrationOptions,
  ApiKeyOptions,
  ImpersonationOptions,
  IpRuleOptions,
  ResourceTokenOptions,
} from './administration-options.js';
import type { FieldSchema } from './auth-options.js';
import { duration, field, oneOf, whole, type FieldsOf } from './fields.js';
import { list } from './list-fields.js';
import { schemaProblem } from './schema-problem.js';

const LABEL = /^[a-z0-9]{1,16}$/;
const PATH = /^\/[^?#\s]{0,199}$/;

export const administration = {
  fields: field<FieldSchema | undefined>(undefined, schemaProblem),
} satisfies FieldsOf<AdministrationOptions>;

export const apiKeys = {
  label: field<string | undefined>(
    undefined,
    (value) =>
      typeof value === 'string' && LABEL.test(value) ? undefined : 'must be 1 to 16 small letters and digits.',
    undefined,
    "'live' in production, else 'test'",
  ),
  ttl: duration('365d', '1m', '400d'),
  cap: whole(20, 1, 1_000),
  rateLimit: whole(600, 1, 1_000_000),
} satisfies FieldsOf<ApiKeyOptions>;

export const impersonation = { ttl: duration('1h', '1m', '24h') } satisfies FieldsOf<ImpersonationOptions>;

export const ipRules = {
  mode: oneOf('blocklist', ['blocklist', 'allowlist']),
  exempt: list([], (item) =>
    typeof item === 'string' && PATH.test(item) ? undefined : "must be a path, such as '/health'.",
  ),
} satisfies FieldsOf<IpRuleOptions>;

export const resourceTokens = { ttl: duration('2m', '1s', '1h') } satisfies FieldsOf<ResourceTokenOptions>;
