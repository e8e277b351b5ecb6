import { expect, it } from 'vitest';
import { canonicalNetwork } from './canonical-network.js';

it.each([
  ['192.0.2.77/24', '192.0.2.0/24'],
  [' 192.0.2.7 ', '192.0.2.7'],
  ['192.0.2.7/32', '192.0.2.7'],
  ['255.255.255.255/0', '0.0.0.0/0'],
  ['2001:DB8:0:0::FFFF/32', '2001:db8::/32'],
  ['2001:db8::1/128', '2001:db8::1'],
  ['2001:db8:0:1:2:3:4:5/65', '2001:db8:0:1::/65'],
  ['::1', '::1'],
  ['::/0', '::/0'],
  ['::ffff:192.0.2.200/120', '192.0.2.0/24'],
  ['::ffff:c000:0207', '192.0.2.7'],
  ['::ffff:0:0/96', '0.0.0.0/0'],
  ['::ffff:0:0/95', '::fffe:0:0/95'],
])('%s is %s', (text, network) => {
  expect(canonicalNetwork(text)).toBe(network);
});

it.each(['', 'everything', '192.0.2.0/33', '192.0.2.0/-1', '192.0.2.0/', '192.0.2', '2001:db8::/129', 'fe80::1%eth0'])(
  '%s is none',
  (text) => {
    expect(canonicalNetwork(text)).toBeUndefined();
  },
);
