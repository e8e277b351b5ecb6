import { canonicalAddress } from '../common/client-address.js';

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?(?::(\d{1,5}))?$/;
const USUAL_PORTS: readonly (string | undefined)[] = [undefined, '80', '443'];

/**
 * The one way to write a host with its port (RFC 9110 §7.2, RFC 3986 §3.2.2): lower case, no dot at the end, no port where
 * it is the usual one, IPv6 in its canonical form. `undefined` for what names no host.
 */
export function normalHost(text: string): string | undefined {
  const [, name = '', port] = AUTHORITY.exec(text.toLowerCase()) ?? [];
  const host = name.startsWith('[') ? bracketed(name.slice(1, -1)) : name;
  if (host === undefined || host === '') return undefined;
  return USUAL_PORTS.includes(port) ? host : `${host}:${Number(port)}`;
}

/** The name of a host that `normalHost` has made, without its port. */
export function hostnameOf(host: string): string {
  return host.replace(/:\d+$/, '');
}

function bracketed(address: string): string | undefined {
  const canonical = canonicalAddress(address);
  if (canonical === undefined) return undefined;
  return canonical.includes(':') ? `[${canonical}]` : canonical;
}
