import type { AuthSettings } from '../options/auth-settings.js';
import { trustedHops } from './trust-hops.js';

/** Fastify keeps what it was made with here; `initialConfig` leaves `trustProxy` out. */
const OPTIONS = 'fastify.options';

export type FastifyDifference = 'trustProxy' | 'bodyLimit';

/** Options with which Fastify was made that are not those of `fastifyOptions`; `undefined` when they cannot be seen. */
export function fastifyDifferences(
  instance: unknown,
  { trustedProxyHops, http }: AuthSettings,
): readonly FastifyDifference[] | undefined {
  const kept = Object.getOwnPropertySymbols(instance).find(({ description }) => description === OPTIONS);
  if (kept === undefined) return undefined;
  const { trustProxy, bodyLimit } = (instance as Record<symbol, Record<string, unknown>>)[kept]!;
  return [
    ...(trustedHops(trustProxy) === trustedProxyHops ? [] : (['trustProxy'] as const)),
    ...(bodyLimit === http.bodyLimitBytes ? [] : (['bodyLimit'] as const)),
  ];
}
