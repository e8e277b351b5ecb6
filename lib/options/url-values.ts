const ORIGIN = /^https?:\/\/[^\s/?#@\\*]+\/?$/i;
const WEB = ['http:', 'https:'];
const REDIS = ['redis:', 'rediss:'];

/** What is wrong with a base URL: it is an origin, with a path at most. */
export function baseUrlProblem(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return "must be a URL, such as 'https://api.example.com'.";
  const url = new URL(value);
  if (!WEB.includes(url.protocol)) return 'must begin with https:// (or http:// in development).';
  if (url.username !== '' || url.password !== '') return 'must not carry a user name or a password.';
  if (/[?#]/.test(value)) return 'must not carry a query or a fragment.';
  return undefined;
}

/** The base URL without a slash at its end. */
export function parseBaseUrl(value: string): URL {
  const url = new URL(value);
  url.pathname = url.pathname.replace(/(?<!\/)\/+$/, '');
  return url;
}

/** What is wrong with an origin (RFC 6454 §6.2): scheme, host and port, nothing else. */
export function originProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be text.';
  if (value.includes('*')) return 'must be one exact origin: a wildcard would let any page act for your users.';
  if (value.trim().toLowerCase() === 'null') return 'must not be null: sandboxed pages and files of anyone send that.';
  return ORIGIN.test(value) && URL.canParse(value)
    ? undefined
    : "must be an exact origin, such as 'https://app.example.com', without path, query or user.";
}

/** What is wrong with the address of a Redis server. */
export function redisUrlProblem(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value))
    return "must be a URL, such as 'rediss://redis.example.com:6379'.";
  const url = new URL(value);
  if (!REDIS.includes(url.protocol)) return 'must begin with redis:// or rediss://.';
  return url.hostname === '' ? 'must name a host.' : undefined;
}
