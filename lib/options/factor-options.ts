/** Who must have a second factor. */
export type SecondFactorRequirement = 'optional' | 'required' | { readonly roles: readonly string[] };

export type TotpAlgorithm = 'SHA-1' | 'SHA-256' | 'SHA-512';

export interface TotpOptions {
  /** Whose code it is, as authenticators show it beside the account. Default: the option `appName`. */
  readonly issuer?: string;
  /** Hash of new enrolments; each keeps the one it was made with. Default `'SHA-1'`: the one that every authenticator has. */
  readonly algorithm?: TotpAlgorithm;
}

export interface PasskeyOptions {
  /** Domain that passkeys belong to (WebAuthn RP ID): that of the application's pages or a parent. Default: host of `appUrl`. */
  readonly rpId?: string;
  /** Passkeys of one account. Default 20. */
  readonly cap?: number;
}
