import { describe, expect, it } from 'vitest';
import {
  addressNetwork,
  addressSupernet,
  canonicalAddress,
  clientAddress,
  clientInfo,
  networkMatcher,
  parseNetwork,
  type AddressedRequest,
} from './client-address.js';

function request(forwarded?: string | string[], remoteAddress: string | undefined = '10.0.0.9'): AddressedRequest {
  return { headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }, socket: { remoteAddress } };
}

describe('clientAddress', () => {
  it('is the socket peer without trusted proxies, whatever the headers say', () => {
    expect(clientAddress(request('203.0.113.7'), 0)).toBe('10.0.0.9');
    const spoofed = { ...request(), headers: { 'x-real-ip': '203.0.113.7', forwarded: 'for=203.0.113.7' } };
    expect(clientAddress(spoofed, 1)).toBe('10.0.0.9');
  });

  it('counts hops from the right', () => {
    const chain = request('198.51.100.1, 203.0.113.7, 192.0.2.1');
    expect(clientAddress(chain, 1)).toBe('192.0.2.1');
    expect(clientAddress(chain, 2)).toBe('203.0.113.7');
    expect(clientAddress(chain, 3)).toBe('198.51.100.1');
  });

  it('counts over all lines of the header', () => {
    const lines = request(['198.51.100.1', '203.0.113.7,192.0.2.1']);
    expect(clientAddress(lines, 2)).toBe('203.0.113.7');
    expect(clientAddress(lines, 3)).toBe('198.51.100.1');
  });

  it('does not let a client choose its address by a header of its own', () => {
    for (const invented of ['198.51.100.1', '198.51.100.1, 198.51.100.2, 198.51.100.3', ',,,', 'x'.repeat(10_000)]) {
      expect(clientAddress(request(`${invented}, 203.0.113.7`), 1)).toBe('203.0.113.7');
    }
  });

  it('is the socket peer when there are fewer entries than hops', () => {
    expect(clientAddress(request('203.0.113.7'), 2)).toBe('10.0.0.9');
    expect(clientAddress(request([]), 1)).toBe('10.0.0.9');
    expect(clientAddress(request(), 1)).toBe('10.0.0.9');
  });

  it.each([
    'unknown',
    '_hidden',
    '',
    ' ',
    '203.0.113.256',
    '203.0.113',
    '0xcb.0.113.7',
    '203.0.113.7:port',
    '203.0.113.7:123456',
    '203.0.113.7 evil',
    '[203.0.113.7]',
    '[2001:db8::1',
    '2001:db8::1]',
    '[2001:db8::1]:',
    '[[2001:db8::1]]',
    '2001:db8::1::2',
    '\u0000203.0.113.7',
    '２０３.0.113.7',
    'a'.repeat(100_000),
    '['.repeat(50_000),
    'for=203.0.113.7',
    '__proto__',
  ])('is the socket peer for the non-address entry %.40j', (entry) => {
    expect(clientAddress(request(entry), 1)).toBe('10.0.0.9');
  });

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['  203.0.113.7\t', '203.0.113.7'],
    ['203.0.113.7:4711', '203.0.113.7'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['[::FFFF:cb00:7107]:443', '203.0.113.7'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('reads %s as %s', (entry, address) => {
    expect(clientAddress(request(entry), 1)).toBe(address);
  });

  it('normalises the socket peer, of either adapter', () => {
    expect(clientAddress(request(undefined, '::ffff:127.0.0.1'), 0)).toBe('127.0.0.1');
    expect(clientAddress({ headers: {}, raw: { socket: { remoteAddress: '::ffff:127.0.0.1' } } }, 0)).toBe('127.0.0.1');
    expect(clientAddress({ headers: {}, socket: {} }, 0)).toBe('unknown');
    expect(clientAddress({ headers: {} }, 3)).toBe('unknown');
  });
});

describe('clientInfo', () => {
  it('cuts the user agent and removes what does not print', () => {
    const headers = { 'user-agent': `Mozilla\r\n5.0\u001b[31m\u0000\u0085\u202e ${'x'.repeat(1_000)}` };
    const { userAgent } = clientInfo({ ...request(), headers }, 0);
    expect(userAgent).toHaveLength(256);
    expect(userAgent).toMatch(/^Mozilla5\.0\[31m x+$/);
  });

  it('has an empty user agent when there is none', () => {
    expect(clientInfo(request(), 0)).toEqual({ address: '10.0.0.9', userAgent: '' });
  });
});

describe('networks', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7', undefined],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
    ['2001:db8::6', '2001:db8::/64', '2001:db8::/48'],
    ['2001:db8:0:1::', '2001:db8:0:1::/64', '2001:db8::/48'],
    ['::1', '::/64', '::/48'],
    ['1::1.2.3.4', '1::/64', '1::/48'],
    ['64:ff9b:1:2:3:4:1.2.3.4', '64:ff9b:1:2::/64', '64:ff9b:1::/48'],
    ['unknown', 'unknown', undefined],
  ])('of %s is %s, in %s', (address, network, supernet) => {
    expect(addressNetwork(address)).toBe(network);
    expect(addressSupernet(address)).toBe(supernet);
  });

  it('are the same for every spelling of one address', () => {
    const spellings = ['2001:db8::1', '2001:0DB8:0000:0000:0000:0000:0000:0001', '2001:db8:0:0:0:0:0:1'];
    expect(new Set(spellings.map((text) => canonicalAddress(text))).size).toBe(1);
    expect(new Set(spellings.map((text) => addressNetwork(text))).size).toBe(1);
  });

  it('match by CIDR', () => {
    const matches = networkMatcher(['192.0.2.0/24', '2001:db8:1::/48', '198.51.100.7', 'nonsense', '10.0.0.0/33']);
    expect(['192.0.2.200', '2001:db8:1:ffff::1', '198.51.100.7'].filter(matches)).toHaveLength(3);
    expect(['192.0.3.1', '2001:db8:2::1', '198.51.100.8', '10.0.0.1', 'unknown'].filter(matches)).toEqual([]);
  });

  it('of one family hold no address of the other', () => {
    for (const network of ['::/0', '::/1', '::/64', '::/80', '::ffff:0:0/95']) {
      expect([network, networkMatcher([network])('198.51.100.7')]).toEqual([network, false]);
    }
    expect(networkMatcher(['::/0'])('2001:db8::1')).toBe(true);
    expect(networkMatcher(['0.0.0.0/0'])('2001:db8::1')).toBe(false);
    expect(['198.51.100.7', '198.51.101.7'].map(networkMatcher(['::ffff:198.51.100.0/120']))).toEqual([true, false]);
  });

  it('parse', () => {
    expect(parseNetwork('192.0.2.0/24')).toEqual({ address: '192.0.2.0', prefix: 24, family: 'ipv4' });
    expect(parseNetwork('::1')).toEqual({ address: '::1', prefix: 128, family: 'ipv6' });
    for (const text of ['', '/', '192.0.2.0/', '192.0.2.0/-1', '192.0.2.0/24/8', '2001:db8::/129', 'fe80::1%lo/64']) {
      expect(parseNetwork(text)).toBeUndefined();
    }
  });
});
