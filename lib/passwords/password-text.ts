/** Longest password that reaches a hash, in UTF-8 bytes after NFC. A limit on work, above every permitted `maxLength` of ASCII. */
export const MAX_PASSWORD_BYTES = 1_024;

// Unicode composes at most four code points into one, so that a longer text cannot come below the limit.
const MAX_UNITS = 4 * MAX_PASSWORD_BYTES;

/** The form in which passwords are measured and hashed: NFC (NIST SP 800-63B-4 §3.1.1.2), otherwise exactly as received. */
export function normalised(password: string): string {
  return password.normalize('NFC');
}

/** Whether a password is short enough to be hashed. Its own cost is bounded. */
export function isHashable(password: string): boolean {
  return password.length <= MAX_UNITS && Buffer.byteLength(normalised(password), 'utf8') <= MAX_PASSWORD_BYTES;
}
