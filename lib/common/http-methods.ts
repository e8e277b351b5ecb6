/** Methods that change nothing (RFC 9110 §9.2.1), without TRACE, which no adapter routes. */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
