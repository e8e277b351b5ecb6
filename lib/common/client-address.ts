import { BlockList, SocketAddress, isIP, isIPv4, isIPv6 } from 'node:net';

const MAX_USER_AGENT = 256;
const UNKNOWN_ADDRESS = 'unknown';
/** `::ffff:0:0/96`, the IPv4 addresses as IPv6 writes them (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX = 96;
/** By what `isIP` answers. */
const FAMILIES: Readonly<Record<number, AddressNetwork['family']>> = { 4: 'ipv4', 6: 'ipv6' };
// Control, format and unassigned characters: none of them belongs in a log line or a list of sessions.
const UNPRINTABLE = /\p{C}/gu;

type HeaderValue = string | string[] | undefined;

/** What both adapters' requests have in common, as far as the client's address is concerned. */
export interface AddressedRequest {
  readonly headers: Readonly<Record<string, HeaderValue>>;
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
  readonly raw?: { readonly socket?: { readonly remoteAddress?: string | undefined } | undefined } | undefined;
}

/** Who a request comes from, as far as the network tells. Safe to log and to store. */
export interface ClientInfo {
  /** IPv4, or IPv6 in its canonical form (RFC 5952); `'unknown'` behind a Unix socket without a proxy. */
  readonly address: string;
  /** At most 256 characters, without control characters; empty when the client sent none. */
  readonly userAgent: string;
}

/** The network of a CIDR text. */
export interface AddressNetwork {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/**
 * The client's address: entry number `trustedProxyHops`, counted from the right over all `X-Forwarded-For` lines, since
 * each trusted proxy appends one and everything left of them is the client's own word. Fewer entries than hops, or an
 * entry that is no address, means the request did not come through those proxies: then it is the socket's peer.
 */
export function clientAddress(request: AddressedRequest, trustedProxyHops: number): string {
  const forwarded = trustedProxyHops > 0 ? forwardedEntries(request).at(-trustedProxyHops) : undefined;
  return (forwarded === undefined ? undefined : entryAddress(forwarded)) ?? socketPeer(request);
}

export function clientInfo(request: AddressedRequest, trustedProxyHops: number): ClientInfo {
  const userAgent = headerLines(request.headers['user-agent'])[0] ?? '';
  return {
    address: clientAddress(request, trustedProxyHops),
    userAgent: userAgent.replace(UNPRINTABLE, '').slice(0, MAX_USER_AGENT),
  };
}

/** What one subscriber holds: the address itself for IPv4, the /64 for IPv6 (RFC 6177 §2). */
export function addressNetwork(address: string): string {
  return isIPv6(address) ? ipv6Network(address, 64) : address;
}

/** What one site may hold: the /48 for IPv6 (RFC 6177 §2). IPv4 has none. */
export function addressSupernet(address: string): string | undefined {
  return isIPv6(address) ? ipv6Network(address, 48) : undefined;
}

/** Canonical text of an address, IPv4-mapped IPv6 as IPv4 (RFC 4291 §2.5.5.2); `undefined` for anything else. */
export function canonicalAddress(text: string): string | undefined {
  const version = isIP(text);
  if (version === 0) return undefined;
  if (version === 4) return text;
  // Every IPv4 client of a server that listens on `::` is written so: no object of Node's for each of their requests.
  if (text.startsWith('::ffff:') && isIPv4(text.slice('::ffff:'.length))) return text.slice('::ffff:'.length);
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  const mapped = address.slice('::ffff:'.length);
  return address.startsWith('::ffff:') && isIPv4(mapped) ? mapped : address;
}

/**
 * The network of a CIDR text such as `192.0.2.0/24` (RFC 4632) or of a single address, IPv4 inside IPv6 as the IPv4 that its
 * clients are known by; `undefined` for anything else.
 */
export function parseNetwork(cidr: string): AddressNetwork | undefined {
  const slash = cidr.indexOf('/');
  const address = slash < 0 ? cidr : cidr.slice(0, slash);
  const version = isIP(address);
  if (version === 0 || address.includes('%')) return undefined;
  const bits = version === 4 ? 32 : 128;
  const prefix = slash < 0 ? String(bits) : cidr.slice(slash + 1);
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) return undefined;
  const inner = version === 6 && Number(prefix) >= MAPPED_PREFIX ? canonicalAddress(address) : undefined;
  if (inner !== undefined && isIPv4(inner)) {
    return { address: inner, prefix: Number(prefix) - MAPPED_PREFIX, family: 'ipv4' };
  }
  return { address, prefix: Number(prefix), family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** A test whether an address lies in one of the networks. Texts that are no network match nothing. */
export function networkMatcher(cidrs: readonly string[]): (address: string) => boolean {
  // One a family: Node compares an IPv4 address as `::ffff:a.b.c.d`, so that `::/0` would hold all of IPv4.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const { address, prefix, family } of cidrs.map(parseNetwork).filter((network) => network !== undefined)) {
    lists[family].addSubnet(address, prefix, family);
  }
  return (address) => {
    const family = FAMILIES[isIP(address)];
    return family !== undefined && lists[family].check(address, family);
  };
}

function headerLines(value: HeaderValue): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

function forwardedEntries({ headers }: AddressedRequest): readonly string[] {
  return headerLines(headers['x-forwarded-for']).flatMap((line) => line.split(','));
}

function socketPeer({ socket, raw }: AddressedRequest): string {
  const peer = (socket ?? raw?.socket)?.remoteAddress;
  return (peer === undefined ? undefined : canonicalAddress(peer)) ?? UNKNOWN_ADDRESS;
}

/** Proxies write `address`, `address:port`, `[address]` or `[address]:port`. */
function entryAddress(entry: string): string | undefined {
  const text = entry.trim();
  const plain = canonicalAddress(text);
  if (plain !== undefined) return plain;
  const [, bracketed, host] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(text) ?? [];
  if (bracketed !== undefined) return isIPv6(bracketed) ? canonicalAddress(bracketed) : undefined;
  return host !== undefined && isIPv4(host) ? host : undefined;
}

function ipv6Network(address: string, prefix: 48 | 64): string {
  const { address: canonical } = new SocketAddress({ address, family: 'ipv6' });
  const [head = '', tail] = canonical.split('::');
  const left = groups(head);
  const right = groups(tail ?? '');
  const all = [...left, ...new Array<string>(8 - left.length - right.length).fill('0'), ...right];
  const network = `${all.slice(0, prefix / 16).join(':')}::`;
  return `${new SocketAddress({ address: network, family: 'ipv6' }).address}/${prefix}`;
}

/** Groups of one side of `::`. A dotted IPv4 ending stands for two; they lie in the host part, so their value is moot. */
function groups(side: string): readonly string[] {
  if (side === '') return [];
  return side.split(':').flatMap((group) => (group.includes('.') ? ['0', '0'] : [group]));
}
