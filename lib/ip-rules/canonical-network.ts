import { SocketAddress } from 'node:net';
import { parseNetwork, type AddressNetwork } from '../common/client-address.js';

const V4_BITS = 32;
const V6_BITS = 128;

/**
 * The one form of a network or of a single address: host bits cleared, IPv6 as RFC 5952 writes it, IPv4-mapped IPv6 as the
 * IPv4 that clients with such an address are known by. `undefined` for what is no network.
 */
export function canonicalNetwork(text: string): string | undefined {
  const network = parseNetwork(text.trim());
  if (network === undefined) return undefined;
  const value = valueOf(network);
  if (network.family === 'ipv4') return v4Text(value, network.prefix);
  return withPrefix(v6Text(masked(value, network.prefix, V6_BITS)), network.prefix, V6_BITS);
}

function valueOf({ address, family }: AddressNetwork): bigint {
  if (family === 'ipv4') return v4Value(address);
  const [head = '', tail] = new SocketAddress({ address, family }).address.split('::');
  const [left, right] = [groupsOf(head), groupsOf(tail ?? '')];
  const gap = new Array<bigint>(8 - left.length - right.length).fill(0n);
  return [...left, ...gap, ...right].reduce((value, group) => (value << 16n) | group, 0n);
}

function v4Value(address: string): bigint {
  return address.split('.').reduce((value, octet) => (value << 8n) | BigInt(octet), 0n);
}

/** Groups of one side of `::`. The last may be spelled as IPv4, which stands for two. */
function groupsOf(side: string): readonly bigint[] {
  if (side === '') return [];
  return side.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    const value = v4Value(group);
    return [value >> 16n, value & 0xffffn];
  });
}

function masked(value: bigint, prefix: number, bits: number): bigint {
  const hostBits = BigInt(bits - prefix);
  return (value >> hostBits) << hostBits;
}

function v4Text(value: bigint, prefix: number): string {
  const network = masked(value, prefix, V4_BITS);
  const octets = [24n, 16n, 8n, 0n].map((shift) => String((network >> shift) & 0xffn));
  return withPrefix(octets.join('.'), prefix, V4_BITS);
}

function v6Text(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - index * 16)) & 0xffffn).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

function withPrefix(address: string, prefix: number, bits: number): string {
  return prefix === bits ? address : `${address}/${prefix}`;
}
