/** Names of what proved an identity, as sessions, tokens and `@Auth({ methods })` use them: those of RFC 8176 where it has one. */
export const METHODS = {
  password: 'pwd',
  /** A code of an authenticator (RFC 6238). */
  authenticator: 'otp',
  /** A passkey that stays in one device. */
  deviceKey: 'hwk',
  /** A passkey that is kept in an account of its vendor. */
  syncedKey: 'swk',
  /** More than one factor. */
  multiFactor: 'mfa',
  /** A link or a code by mail. RFC 8176 has no name for it. */
  mail: 'email',
  /** A recovery code in place of a second factor. RFC 8176 has no name for it. */
  recoveryCode: 'recovery',
  /** Another provider vouched for it. RFC 8176 has no name for it. */
  federation: 'oauth',
} as const;

const SECOND_FACTORS: readonly string[] = [
  METHODS.authenticator,
  METHODS.deviceKey,
  METHODS.syncedKey,
  METHODS.recoveryCode,
];

/** What has been proven together: a second factor beside any other makes it `mfa`. */
export function joinMethods(before: readonly string[], ...now: readonly string[]): readonly string[] {
  const all = new Set([...before, ...now]);
  all.delete(METHODS.multiFactor);
  const hasSecond = [...all].some((method) => SECOND_FACTORS.includes(method));
  const isMulti =
    before.includes(METHODS.multiFactor) || now.includes(METHODS.multiFactor) || (hasSecond && all.size > 1);
  return isMulti ? [...all, METHODS.multiFactor] : [...all];
}

export function isMultiFactor(methods: readonly string[]): boolean {
  return methods.includes(METHODS.multiFactor);
}
