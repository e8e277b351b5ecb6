import * as library from '@node-rs/argon2';
import { describe, expect, it } from 'vitest';
import { Argon2Scheme } from './argon2.scheme.js';

const scheme = new Argon2Scheme(() => Promise.resolve(library));

/** Of the tests of the reference implementation; its password is `password`, its salt `somesalt`. */
const VECTORS = [
  '$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ',
  '$argon2i$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ',
  '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8',
  '$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E',
  '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
  '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc',
  '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
];
/** Of the tests of passlib, with a hash of 16 bytes. */
const SHORT = '$argon2d$v=19$m=102400,t=2,p=8$g2RodLh8j8WbSdCp+lUy/A$zzAJqL/HSjm809PYQu6qkA';
const TAIL = '$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';

describe('Argon2Scheme', () => {
  it.each([...VECTORS, SHORT])('verifies %s', async (stored) => {
    const hash = scheme.read(stored);
    expect(await hash?.matches('password')).toBe(true);
    expect(await hash?.matches('Password')).toBe(false);
  });

  it('makes argon2id that it and the library read', async () => {
    const made = await scheme.make('password', { memoryKib: 64, passes: 2, lanes: 1 });
    expect(made).toMatch(/^\$argon2id\$v=19\$m=64,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await library.verify(made, 'password')).toBe(true);
    expect(await scheme.read(made)?.matches('password')).toBe(true);
    expect(scheme.read(made)).toMatchObject({ variant: 'id', cost: { memoryKib: 64, passes: 2, lanes: 1 } });
    expect(await scheme.make('password', { memoryKib: 64, passes: 2, lanes: 1 })).not.toBe(made);
  });

  it('makes nothing that it would not read', async () => {
    await expect(scheme.make('password', { memoryKib: 2 ** 19, passes: 1, lanes: 1 })).rejects.toThrow(RangeError);
  });

  it.each([
    'm=262145,t=1,p=1',
    'm=999999,t=1,p=1',
    'm=262144,t=5,p=1',
    'm=8,t=9999,p=17',
    'm=256,t=1,p=17',
    'm=65536,t=17,p=1',
    'm=65536,t=0,p=1',
    'm=65536,t=2,p=0',
    'm=7,t=1,p=1',
    'm=15,t=1,p=2',
    'm=4294967295,t=1,p=1',
    't=2,m=65536,p=1',
    'm=65536,t=2',
  ])('does not read %s', (cost) => {
    expect(scheme.read(`$argon2id$v=19$${cost}${TAIL}`)).toBeUndefined();
  });

  it.each(['$argon2$v=19$', '$argon2x$v=19$', '$argon2id$v=17$', '$argon2id$v=$', '$ARGON2ID$v=19$'])(
    'does not read %s',
    (head) => {
      expect(scheme.read(`${head}m=65536,t=2,p=1${TAIL}`)).toBeUndefined();
    },
  );
});
