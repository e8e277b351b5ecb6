import { describe, expect, it } from 'vitest';
import type { AuthSettings } from '../options/auth-settings.js';
import { COMMON_PASSWORD_DIGESTS } from './common-password-digests.js';
import { COMMON_PASSWORDS } from './common-passwords.js';
import { folded } from './password-forms.js';
import { PasswordPolicy } from './password-policy.js';

const entries = COMMON_PASSWORDS.split('\n');
const policy = new PasswordPolicy({
  environment: 'production',
  appName: 'app',
  passwords: { minLength: 8, maxLength: 128, contextWords: [], blocklist: [], composition: [] },
} as unknown as AuthSettings);

// Passwords of eight characters and more from the yearly lists of the most used ones.
const YEARLY = `password 12345678 123456789 1234567890 qwertyuiop 1q2w3e4r 1qaz2wsx password1 iloveyou sunshine princess
football baseball superman trustno1 starwars whatever michelle jennifer computer corvette mercedes midnight maverick
88888888 11111111 87654321 987654321 123123123 147258369 zaq12wsx qwerty123 qwerty12 password123 passw0rd P@ssw0rd
1q2w3e4r5t asdfghjkl abcd1234 aa123456 1234qwer 123qweasd q1w2e3r4 letmein1 charlie1 butterfly liverpool chocolate
welcome1 admin123 administrator changeme Password1! 1qaz@WSX qwertyuiop123 123456789a 1111111111 0987654321`.split(
  /\s+/,
);
const LONG = `123456789012345 passwordpassword qwertyuiopasdfgh 111111111111111 1qaz2wsx3edc4rfv 12345678910111213
password123456789 qwerty1234567890 iloveyouiloveyou manchesterunited worldofwarcraft 30secondstomars stairwaytoheaven
cristianoronaldo qwertyuiopasdfghjklzxcvbnm q1w2e3r4t5y6u7i8o9p0 !QAZ@WSX#EDC$RFV`.split(/\s+/);

describe('the bundled list', () => {
  it('refuses every entry, in any case', () => {
    expect(entries.filter((entry) => policy.problems(entry).length === 0)).toEqual([]);
    expect(entries.filter((entry) => policy.problems(entry.toUpperCase()).length === 0)).toEqual([]);
  });

  it('is folded, sorted, without doubles and without entries that no policy admits', () => {
    expect(entries.length).toBeGreaterThan(15_000);
    expect(entries.filter((entry) => entry !== folded(entry) || [...entry].length < 8)).toEqual([]);
    expect(entries).toEqual([...new Set(entries)].sort());
  });

  it('has the digests of the long ones in order and without doubles', () => {
    const digests = COMMON_PASSWORD_DIGESTS.trim().split(/\s+/);
    expect(digests.length).toBeGreaterThan(8_000);
    expect(digests.every((digest) => /^[\w-]{8}$/.test(digest))).toBe(true);
    expect(digests).toEqual([...new Set(digests)].sort());
  });

  it.each([...YEARLY, ...LONG])('refuses %s', (password) =>
    expect(policy.problems(password).map(({ rule }) => rule)).toEqual(['blocklist']),
  );
});
