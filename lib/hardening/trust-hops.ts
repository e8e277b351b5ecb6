const HOPS = Symbol('gatehouse:hops');

type TrustProxy = (address: string, hop: number) => boolean;

/** Fastify takes a number for a mistake and trusts nobody then; a function it asks. */
export function trustHops(hops: number): TrustProxy | false {
  if (hops === 0) return false;
  const trust: TrustProxy = (_address, hop) => hop < hops;
  return Object.assign(trust, { [HOPS]: hops });
}

/** How many proxies the option `trustProxy` of a Fastify trusts; `undefined` for what `trustHops` has not made. */
export function trustedHops(trustProxy: unknown): number | undefined {
  if (trustProxy === undefined || trustProxy === false) return 0;
  return (trustProxy as { readonly [HOPS]?: number })[HOPS];
}
