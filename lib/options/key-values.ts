import { duration, field, group, moment, oneOf, optionalText, required, text } from './fields.js';
import type { Field, FieldsOf } from './fields.js';
import type { KeyPurpose } from './key-purposes.js';
import { scopeGrants } from './list-fields.js';
import { privateKeyProblem, publicKeyProblem } from './key-pem.js';
import { records } from './record-list.js';
import type { AcceptedSecret, AcceptedTokenKey, TokenOptions, TokenSigningKey } from './token-options.js';

/** Most characters of a secret. */
export const MAX_SECRET = 4_096;

const KID = /^[\w.-]{1,128}$/;

/** A secret of its own for single purposes. */
export const secrets = {
  'session-cookie': optionalText(MAX_SECRET),
  'device-cookie': optionalText(MAX_SECRET),
  csrf: optionalText(MAX_SECRET),
  'access-token': optionalText(MAX_SECRET),
  'refresh-token': optionalText(MAX_SECRET),
  identifier: optionalText(MAX_SECRET),
  code: optionalText(MAX_SECRET),
  'passkey-challenge': optionalText(MAX_SECRET),
  'resource-token': optionalText(MAX_SECRET),
  seal: optionalText(MAX_SECRET),
} satisfies Record<KeyPurpose, Field<unknown>>;

const acceptedSecret = {
  secret: required(text('', MAX_SECRET), 'Give the secret, or leave its entry out.'),
  notAfter: moment(),
  use: oneOf('all', ['all', 'unseal']),
} satisfies FieldsOf<AcceptedSecret>;

/** Secrets that verify and open, and never sign. */
export const acceptedSecrets = records(acceptedSecret);

const kid = field<string | undefined>(
  undefined,
  (value) => (typeof value === 'string' && KID.test(value) ? undefined : 'must be 1 to 128 of A-Z a-z 0-9 . _ -'),
  undefined,
  'thumbprint of the key',
);

const acceptedKey = {
  publicKey: required(field('', publicKeyProblem), 'Give the PEM of the public key, or leave its entry out.'),
  kid,
  notAfter: moment(),
} satisfies FieldsOf<AcceptedTokenKey>;

const signingKey = {
  privateKey: field<string | undefined>(undefined, privateKeyProblem, undefined, 'HS256 under a key of `secret`'),
  kid,
} satisfies FieldsOf<TokenSigningKey>;

/** Everything below `tokens`. */
export const tokens = {
  accessTtl: duration('15m', '1m', '24h'),
  refreshIdle: duration('14d', '2m'),
  refreshAbsolute: duration('30d', '2m'),
  refreshGrace: duration('30s', '0s', '60s'),
  checking: oneOf('session', ['session', 'signature']),
  issuer: identifier(),
  audience: identifier(),
  scopes: scopeGrants(),
  signingKey: group(signingKey),
  acceptedKeys: records(acceptedKey),
  acceptSecretUntil: moment(),
} satisfies FieldsOf<TokenOptions>;

/** `iss` and `aud` are compared as they are (RFC 7519 §2, StringOrURI). */
function identifier(): Field<string | undefined> {
  return { ...optionalText(), shownDefault: 'baseUrl' };
}
