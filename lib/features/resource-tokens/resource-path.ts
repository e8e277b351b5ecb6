/** The query parameter that carries the token. */
export const TOKEN_PARAMETER = 'resource_token';

const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i;

/**
 * A path as a browser sends it, without query; `undefined` for what two sides may take for different paths: dots and double
 * slashes, a slash or backslash that is escaped, no slash in front.
 */
export function normalPath(path: string): string | undefined {
  if (!path.startsWith('/') || path.includes('//') || /[?#\\\p{C}]|%(?:2f|5c|00)/iu.test(path)) return undefined;
  if (DOT_SEGMENT.test(path) || !URL.canParse(path, 'http://host')) return undefined;
  return new URL(path, 'http://host').pathname;
}

/** What a request asked for, before any router has touched it. */
export function requestTarget(request: object): { readonly path: string; readonly query: string } {
  const { originalUrl, url } = request as { readonly originalUrl?: unknown; readonly url?: unknown };
  const target = [originalUrl, url].find((each) => typeof each === 'string') ?? '';
  const end = target.indexOf('?');
  return end < 0 ? { path: target, query: '' } : { path: target.slice(0, end), query: target.slice(end + 1) };
}
