import type { PasskeyOptions, SecondFactorRequirement, TotpAlgorithm, TotpOptions } from './factor-options.js';
import { field, isRecord, oneOf, optionalText, whole, type FieldsOf } from './fields.js';
import { roleProblem } from './list-fields.js';

const DOMAIN = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/;
const ALGORITHMS = ['SHA-1', 'SHA-256', 'SHA-512'] as const satisfies readonly TotpAlgorithm[];

export const secondFactor = field<SecondFactorRequirement>('optional', (value) => {
  if (value === 'optional' || value === 'required') return undefined;
  const roles: unknown = isRecord(value) && Object.keys(value).length === 1 ? value['roles'] : undefined;
  if (!Array.isArray(roles) || roles.length === 0)
    return "must be 'optional', 'required' or { roles: [...] } with a role.";
  return (roles as unknown[]).map(roleProblem).find((problem) => problem !== undefined);
});

export const totp = {
  issuer: optionalText(100),
  algorithm: oneOf('SHA-1', ALGORITHMS),
} satisfies FieldsOf<TotpOptions>;

export const passkeys = {
  rpId: field<string | undefined>(
    undefined,
    (value) =>
      typeof value === 'string' && DOMAIN.test(value) ? undefined : "must be a domain, such as 'example.com'.",
    undefined,
    'host of `appUrl`',
  ),
  cap: whole(20, 1, 100),
} satisfies FieldsOf<PasskeyOptions>;
