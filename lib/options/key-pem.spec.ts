import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  algorithmOf,
  privateKeyOf,
  privateKeyProblem,
  publicKeyOf,
  publicKeyProblem,
  thumbprintOf,
} from './key-pem.js';

interface Keys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const pkcs8 = ({ privateKey }: Keys) => privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const spki = ({ publicKey }: Keys) => publicKey.export({ type: 'spki', format: 'pem' }).toString();

const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const RSA = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ED = generateKeyPairSync('ed25519');

const SUPPORTED = 'must be RSA of at least 2048 bits, P-256 or Ed25519.';
const NO_PRIVATE = 'must be a private key as PEM (PKCS #8: BEGIN PRIVATE KEY).';
const NO_PUBLIC = 'must be a public key as PEM (SPKI: BEGIN PUBLIC KEY).';
const ENCRYPTED = 'is encrypted: nobody could type its passphrase at a start.';

describe.each([
  ['ES256', EC],
  ['RS256', RSA],
  ['EdDSA', ED],
] as const)('a key of %s', (algorithm, keys) => {
  it.each([
    ['as it is', (pem: string) => pem],
    ['folded into one line, as environment files have it', (pem: string) => pem.replaceAll('\n', '\\n')],
    ['with the line ends of Windows', (pem: string) => pem.replaceAll('\n', '\r\n')],
    ['without the last line end', (pem: string) => pem.trim()],
  ])('is read %s', (_how, write) => {
    expect(privateKeyProblem(write(pkcs8(keys)))).toBeUndefined();
    expect(publicKeyProblem(write(spki(keys)))).toBeUndefined();
    expect(algorithmOf(privateKeyOf(write(pkcs8(keys))))).toBe(algorithm);
    expect(algorithmOf(publicKeyOf(write(spki(keys))))).toBe(algorithm);
  });

  it('has the thumbprint of RFC 7638', async () => {
    const jwk = keys.publicKey.export({ format: 'jwk' });
    expect(thumbprintOf(keys.publicKey, algorithm)).toBe(await calculateJwkThumbprint(jwk as { kty: string }));
  });
});

it('the thumbprint of RFC 8037 appendix A.3', () => {
  const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(x, 'base64url')]);
  const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
  expect(thumbprintOf(publicKeyOf(pem), 'EdDSA')).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  expect(createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url')).toBe(
    'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  );
});

describe('keys that are refused', () => {
  it.each<[string, Keys]>([
    ['RSA of 1024 bits', generateKeyPairSync('rsa', { modulusLength: 1_024 })],
    ['RSA-PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2_048 })],
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
    ['X25519', generateKeyPairSync('x25519')],
    ['Ed448', generateKeyPairSync('ed448')],
  ])('%s', (_name, keys) => {
    expect(privateKeyProblem(pkcs8(keys))).toBe(SUPPORTED);
    expect(publicKeyProblem(spki(keys))).toBe(SUPPORTED);
  });

  const cipher = { cipher: 'aes-256-cbc', passphrase: 'passphrase' } as const;
  it.each([
    ['encrypted PKCS #8', RSA.privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }), ENCRYPTED],
    ['encrypted PKCS #1', RSA.privateKey.export({ type: 'pkcs1', format: 'pem', ...cipher }), NO_PRIVATE],
    ['PKCS #1', RSA.privateKey.export({ type: 'pkcs1', format: 'pem' }), NO_PRIVATE],
    ['SEC 1', EC.privateKey.export({ type: 'sec1', format: 'pem' }), NO_PRIVATE],
    ['a public key', spki(EC), NO_PRIVATE],
    ['two keys', pkcs8(EC) + pkcs8(RSA), NO_PRIVATE],
    ['a key cut short', pkcs8(EC).replace(/.{20}\n-----END/, '\n-----END'), NO_PRIVATE],
    ['no key', 'marker', NO_PRIVATE],
    ['nothing', '', NO_PRIVATE],
    ['a buffer', RSA.privateKey.export({ type: 'pkcs8', format: 'der' }), NO_PRIVATE],
    ['a key object', EC.privateKey, NO_PRIVATE],
    ['null', null, NO_PRIVATE],
  ])('for signing: %s', (_name, value, problem) => {
    expect(privateKeyProblem(value)).toBe(problem);
  });

  it.each([
    ['a private key', pkcs8(EC), 'must be the public key alone.'],
    [
      'a private key of PKCS #1',
      RSA.privateKey.export({ type: 'pkcs1', format: 'pem' }),
      'must be the public key alone.',
    ],
    ['a public and a private key', spki(EC) + pkcs8(EC), 'must be the public key alone.'],
    ['an encrypted private key', RSA.privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }), ENCRYPTED],
    ['PKCS #1', RSA.publicKey.export({ type: 'pkcs1', format: 'pem' }), NO_PUBLIC],
    ['a certificate', spki(EC).replaceAll('PUBLIC KEY', 'CERTIFICATE'), NO_PUBLIC],
    ['two keys', spki(EC) + spki(RSA), NO_PUBLIC],
    ['a JWK', EC.publicKey.export({ format: 'jwk' }), NO_PUBLIC],
    ['a JWK as text', JSON.stringify(EC.publicKey.export({ format: 'jwk' })), NO_PUBLIC],
    ['undefined', undefined, NO_PUBLIC],
  ])('for verifying: %s', (_name, value, problem) => {
    expect(publicKeyProblem(value)).toBe(problem);
  });
});
