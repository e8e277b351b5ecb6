import type { Variables } from './environment.js';

/** The OpenID provider that the application signs in with, beside its own accounts. */
export interface Provider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const NAMES = ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET'] as const;

export function providerOf(variables: Variables): Provider | undefined {
  const [issuer, clientId, clientSecret] = NAMES.map((name) => variables[name]);
  return issuer && clientId && clientSecret ? { issuer, clientId, clientSecret } : undefined;
}

export function providerProblems(variables: Variables): string[] {
  const given = NAMES.filter((name) => variables[name]);
  const { OIDC_ISSUER: issuer } = variables;
  return [
    ...(given.length === 0 || given.length === NAMES.length
      ? []
      : [`${NAMES.join(', ')} make the provider together: set all or none`]),
    ...(!issuer || (/^https?:\/\/./.test(issuer) && URL.canParse(issuer))
      ? []
      : ['OIDC_ISSUER must begin with `https://`']),
  ];
}
