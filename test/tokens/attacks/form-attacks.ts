import type { Attack } from './attack.js';
import { es256, forge, part } from './forge.js';
import type { Lab } from './lab.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Order of P-256 (SEC 2 §2.4.2) and of the base point of Ed25519 (RFC 8032 §5.1). */
const P256_ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const ED25519_ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;

type Parts = readonly [header: string, payload: string, signature: string];

function parts(token: string): Parts {
  return token.split('.') as unknown as Parts;
}

/** Texts that careless decoders take for a token that is good. */
const SPELLINGS: Readonly<Record<string, (lab: Lab) => string>> = {
  'padding behind the signature': ({ holder }) =>
    `${holder.token}${'='.repeat(4 - (parts(holder.token)[2].length % 4))}`,
  'padding that is too long': ({ holder }) => `${holder.token}====`,
  'unused bits in the signature': ({ holder }) =>
    holder.token.slice(0, -1) + ALPHABET[ALPHABET.indexOf(holder.token.at(-1)!) + 1]!,
  'the alphabet of base64 in the signature': (lab) => {
    for (let number = 0; ; number += 1) {
      const [header, payload, signature] = parts(lab.signed({ claims: { jti: `jti-${number}` } }));
      const other = signature.replaceAll('-', '+').replaceAll('_', '/');
      if (other !== signature) return `${header}.${payload}.${other}`;
    }
  },
  'a stray character in the signature': ({ holder }) => `${holder.token.slice(0, -5)}~${holder.token.slice(-5)}`,
  'a part behind the signature': ({ holder }) => `${holder.token}.x`,
  'an empty part behind the signature': ({ holder }) => `${holder.token}.`,
  'five parts': ({ holder }) => `${holder.token}.x.y`,
  'a payload with unused bits, signed so': (lab) => {
    const text = JSON.stringify({ ...lab.holder.claims, pad: '' });
    const payload = part(text.replace('"pad":""', `"pad":"${'x'.repeat((4 - (text.length % 3)) % 3)}"`));
    const last = ALPHABET[ALPHABET.indexOf(payload.at(-1)!) + 1]!;
    return resigned(lab, part(lab.header), payload.slice(0, -1) + last);
  },
  'a header with padding, signed so': (lab) => {
    const text = JSON.stringify({ ...lab.header, pad: '' });
    const header = part(text.replace('"pad":""', `"pad":"${'x'.repeat((4 - (text.length % 3)) % 3)}"`));
    return resigned(lab, `${header}==`, part(lab.holder.claims));
  },
  'a token of 9,000 characters, signed so': (lab) => lab.signed({ claims: { pad: 'x'.repeat(6_000) } }),
};

const UNSENDABLE: Readonly<Record<string, (lab: Lab) => string>> = {
  'a space before it': ({ holder }) => ` ${holder.token}`,
  'a space behind it': ({ holder }) => `${holder.token} `,
  'a line end behind it': ({ holder }) => `${holder.token}\n`,
  'a NUL behind it': ({ holder }) => `${holder.token}\0`,
  'white space in the signature': ({ holder }) => `${holder.token.slice(0, -5)} \t\r\n${holder.token.slice(-5)}`,
  'flattened JSON (RFC 7515 §7.2.2)': ({ holder }) => {
    const [header, payload, signature] = parts(holder.token);
    return JSON.stringify({ payload, protected: header, signature });
  },
  'general JSON (RFC 7515 §7.2.1)': ({ holder }) => {
    const [header, payload, signature] = parts(holder.token);
    return JSON.stringify({ payload, signatures: [{ protected: header, signature }] });
  },
};

/** Signatures in place of the good one. */
const SIGNATURES: readonly (Pick<Attack, 'name' | 'on'> & {
  readonly signature: (lab: Lab, good: Buffer) => Buffer;
})[] = [
  { name: 'a signature without its last byte', signature: (_lab, good) => good.subarray(0, -1) },
  { name: 'a signature with a byte more', signature: (_lab, good) => Buffer.concat([good, Buffer.of(0)]) },
  { name: 'a signature behind a zero', signature: (_lab, good) => Buffer.concat([Buffer.of(0), good]) },
  { name: 'a signature of one byte', signature: () => Buffer.of(0) },
  { name: 'nothing but zeros', signature: (_lab, good) => Buffer.alloc(good.length) },
  { name: 'nothing but ones', signature: (_lab, good) => Buffer.alloc(good.length, 0xff) },
  {
    name: 'the signature of another token',
    signature: (lab) => Buffer.from(parts(lab.signed({ claims: { jti: 'x' } }))[2], 'base64url'),
  },
  { name: 'R and S as DER', on: ['ES256'], signature: (lab) => es256(lab.keys.signing.signKey, 'der')(inputOf(lab)) },
  {
    name: 'R and S as large as the order',
    on: ['ES256'],
    signature: () => Buffer.concat([bigEndian(P256_ORDER), bigEndian(P256_ORDER)]),
  },
  { name: 'R and S one', on: ['ES256'], signature: () => Buffer.concat([bigEndian(1n), bigEndian(1n)]) },
  {
    name: 'R of zero (CVE-2022-21449)',
    on: ['ES256'],
    signature: (_lab, good) => Buffer.concat([Buffer.alloc(32), good.subarray(32)]),
  },
  {
    name: 'S of zero',
    on: ['ES256'],
    signature: (_lab, good) => Buffer.concat([good.subarray(0, 32), Buffer.alloc(32)]),
  },
  {
    name: 'R and S the other way round',
    on: ['ES256'],
    signature: (_lab, good) => Buffer.concat([good.subarray(32), good.subarray(0, 32)]),
  },
  {
    name: 'S and the order added (RFC 8032 §8.4)',
    on: ['EdDSA'],
    signature: (_lab, good) =>
      Buffer.concat([good.subarray(0, 32), littleEndian(fromLittleEndian(good.subarray(32)) + ED25519_ORDER)]),
  },
  {
    name: 'the neutral point and S of zero',
    on: ['EdDSA'],
    signature: () => Buffer.concat([littleEndian(1n), Buffer.alloc(32)]),
  },
  {
    name: 'S with its highest bits set',
    on: ['EdDSA'],
    signature: (_lab, good) => Buffer.concat([good.subarray(0, 63), Buffer.of(good[63]! | 0xe0)]),
  },
];

export const FORM_ATTACKS: readonly Attack[] = [
  ...Object.entries(SPELLINGS).map(([name, forge]) => ({ name, stoppedBy: ['form'], forge })),
  ...Object.entries(UNSENDABLE).map(([name, forge]) => ({
    name,
    stoppedBy: ['form'],
    overHttp: false as const,
    forge,
  })),
  ...SIGNATURES.map(({ signature, ...attack }) => ({
    ...attack,
    stoppedBy: ['signature'],
    forge: (lab: Lab) => {
      const [header, payload, good] = parts(lab.holder.token);
      return `${header}.${payload}.${signature(lab, Buffer.from(good, 'base64url')).toString('base64url')}`;
    },
  })),
  {
    name: 'no signature',
    stoppedBy: ['form', 'signature'],
    forge: (lab) => forge({ header: lab.header, payload: lab.holder.claims, sign: () => Buffer.alloc(0) }),
  },
  {
    name: 'neither signature nor the dot before it',
    stoppedBy: ['form', 'signature'],
    forge: ({ holder }) => parts(holder.token).slice(0, 2).join('.'),
  },
];

function resigned(lab: Lab, header: string, payload: string): string {
  const input = `${header}.${payload}`;
  return `${input}.${lab.sign(input).toString('base64url')}`;
}

function inputOf({ holder }: Lab): string {
  return parts(holder.token).slice(0, 2).join('.');
}

/** The same token in its other spelling: with S goes the order less S. */
export function withOtherS(token: string): string {
  const [header, payload, text] = parts(token);
  const signature = Buffer.from(text, 'base64url');
  const other = bigEndian(P256_ORDER - BigInt(`0x${signature.subarray(32).toString('hex')}`));
  return `${header}.${payload}.${Buffer.concat([signature.subarray(0, 32), other]).toString('base64url')}`;
}

function bigEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}

function littleEndian(value: bigint): Buffer {
  return Buffer.from(bigEndian(value)).reverse();
}

function fromLittleEndian(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}
