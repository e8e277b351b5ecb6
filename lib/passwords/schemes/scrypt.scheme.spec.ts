import { describe, expect, it } from 'vitest';
import { base64 } from './password-scheme.js';
import { ScryptScheme } from './scrypt.scheme.js';

const scheme = new ScryptScheme();

function stored(cost: string, salt: string, hex: string): string {
  return `$scrypt$${cost}$${base64(Buffer.from(salt))}$${base64(Buffer.from(hex, 'hex'))}`;
}

/** RFC 7914 §12. The first has no salt, and the fourth fills 1 GiB: neither is read. */
const VECTORS = [
  {
    password: 'password',
    salt: 'NaCl',
    cost: 'ln=10,r=8,p=16',
    key:
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162' +
      '2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
  },
  {
    password: 'pleaseletmein',
    salt: 'SodiumChloride',
    cost: 'ln=14,r=8,p=1',
    key:
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2' +
      'd5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
  },
];

describe('ScryptScheme', () => {
  it.each(VECTORS)('verifies the vector of RFC 7914 for $password', async ({ password, salt, cost, key }) => {
    const hash = scheme.read(stored(cost, salt, key));
    expect(hash?.parameters).toBe(`scrypt,${cost}`);
    expect(await hash?.matches(password)).toBe(true);
    expect(await hash?.matches(`${password}!`)).toBe(false);
    expect(await hash?.matches('')).toBe(false);
    const altered = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`;
    expect(await scheme.read(stored(cost, salt, altered))?.matches(password)).toBe(false);
  });

  it.each([
    'ln=20,r=8,p=1',
    'ln=18,r=8,p=2',
    'ln=17,r=17,p=1',
    'ln=14,r=8,p=17',
    'ln=99,r=8,p=1',
    'ln=2,r=999,p=999',
    'ln=0,r=8,p=1',
    'ln=10,r=0,p=1',
    'ln=10,r=8,p=0',
    'ln=16,r=1,p=1',
    'ln=-1,r=8,p=1',
    'ln=10,p=1,r=8',
    'ln=10,r=8',
    'N=1024,r=8,p=1',
  ])('does not read %s', (cost) => {
    expect(scheme.read(stored(cost, 'NaCl', VECTORS[0]!.key))).toBeUndefined();
  });

  it.each(['ln=18,r=8,p=1', 'ln=14,r=8,p=16', 'ln=21,r=1,p=1', 'ln=17,r=8,p=1'])(
    'reads, within its bounds, %s',
    (cost) => {
      // 2^21 at r = 1 is above the 2^16 of RFC 7914.
      expect(scheme.read(stored(cost, 'NaCl', VECTORS[0]!.key)) === undefined).toBe(cost.includes('r=1,'));
    },
  );

  it('computes above the 32 MiB that the runtime allows by itself', async () => {
    expect(await scheme.read(stored('ln=16,r=8,p=1', 'NaCl', VECTORS[0]!.key))?.matches('password')).toBe(false);
  });
});
