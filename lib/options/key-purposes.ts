/**
 * What a key derived from the secret is for. One HKDF label each (RFC 5869), so that no key serves two purposes. Nothing
 * that must outlive a secret stands here, sealed columns excepted.
 */
export const KEY_PURPOSES = [
  'session-cookie',
  'device-cookie',
  'csrf',
  'access-token',
  'refresh-token',
  'identifier',
  'code',
  'passkey-challenge',
  'resource-token',
  'seal',
] as const;

export type KeyPurpose = (typeof KEY_PURPOSES)[number];
