import { createPublicKey, type KeyObject } from 'node:crypto';
import type { TokenKeySettings, TokenSettings } from './auth-settings.js';
import type { Problems } from './problems.js';
import { algorithmOf, privateKeyOf, publicKeyOf, thumbprintOf } from './key-pem.js';
import type { ReadValues } from './value-options.js';

/** The token options with their keys read. Two keys under one id would verify by the order of a list: refused. */
export function tokenSettings(read: ReadValues['tokens'], baseUrl: string, problems: Problems): TokenSettings {
  const { accessTtl, refreshIdle, refreshAbsolute, refreshGrace, issuer, audience, checking, scopes } = read;
  const signingKey = signingKeyOf(read.signingKey);
  const acceptedKeys = read.acceptedKeys
    .filter(({ publicKey }) => publicKey !== '')
    .map(({ publicKey, kid, notAfter }) => tokenKey(publicKeyOf(publicKey), kid, notAfter));
  const kids = [signingKey, ...acceptedKeys].map((key) => key?.kid);
  for (const [index, { kid }] of acceptedKeys.entries()) {
    if (kids.indexOf(kid) <= index) problems.add(`tokens.acceptedKeys[${index}]`, 'has the key id of an earlier key.');
  }
  return {
    accessTtlMs: accessTtl,
    refreshIdleMs: refreshIdle,
    refreshAbsoluteMs: refreshAbsolute,
    refreshGraceMs: refreshGrace,
    checking,
    issuer: issuer ?? baseUrl,
    audience: audience ?? baseUrl,
    scopes,
    signingKey,
    acceptedKeys,
    acceptSecretUntil: read.acceptSecretUntil,
  };
}

function signingKeyOf({ privateKey: pem, kid }: ReadValues['tokens']['signingKey']): TokenSettings['signingKey'] {
  if (pem === undefined) return undefined;
  const privateKey = privateKeyOf(pem);
  return { ...tokenKey(createPublicKey(privateKey), kid, undefined), privateKey };
}

/** Of a key that has been found good. */
function tokenKey(publicKey: KeyObject, kid: string | undefined, notAfter: number | undefined): TokenKeySettings {
  const algorithm = algorithmOf(publicKey)!;
  return { kid: kid ?? thumbprintOf(publicKey, algorithm), algorithm, publicKey, notAfter };
}
