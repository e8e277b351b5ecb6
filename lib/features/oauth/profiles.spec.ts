import { describe, expect, it } from 'vitest';
import type { OAuthProviderSettings } from '../../options/oauth-settings.js';
import { claimsProfile, identityOf, joinClaims, profileOf } from './profiles.js';

const settings = (more: Partial<OAuthProviderSettings>): OAuthProviderSettings =>
  ({ kind: 'oauth2', issuer: 'https://id.example.com', emailsAreVerified: false, ...more }) as OAuthProviderSettings;
const ada = { email: 'ada@example.com' };

describe('what providers say of somebody', () => {
  it('GitHub: the primary address of the list, and never that of the profile', () => {
    const info = { id: 7, login: 'ada', name: null, email: 'shown@example.com' };
    const read = (emails: unknown) => profileOf(settings({ kind: 'github' }), info, emails);
    const list = [
      { email: 'second@example.com', primary: false, verified: true },
      { ...ada, primary: true, verified: true },
    ];
    expect(read(list)).toEqual({ subject: 7, name: 'ada', ...ada, emailVerified: true });
    expect(read([{ ...ada, primary: true, verified: false }])).toMatchObject({ emailVerified: false });
    for (const none of [undefined, [], {}, 'x', [null]]) expect(read(none).email).toBeUndefined();
  });

  it('Discord says whether it has verified the address, Facebook does not', () => {
    const discord = (verified: unknown) =>
      profileOf(settings({ kind: 'discord' }), { id: '1', ...ada, verified }, undefined);
    expect([true, false, 'true', 1, undefined].map((each) => discord(each).emailVerified)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(profileOf(settings({ kind: 'facebook' }), { id: '1', ...ada }, undefined).emailVerified).toBeUndefined();
  });

  it('OpenID: `true` or, as Apple writes it, "true"; Microsoft vouches by a claim of its own alone', () => {
    const says = (kind: 'oidc' | 'microsoft', claims: object) => claimsProfile(kind, { sub: '1', ...ada, ...claims });
    expect(says('oidc', { email_verified: 'true' }).emailVerified).toBe(true);
    expect(says('oidc', { email_verified: 'yes' }).emailVerified).toBe(false);
    expect(says('oidc', { xms_edov: true }).emailVerified).toBe(false);
    expect(says('microsoft', { email_verified: true }).emailVerified).toBe(false);
    expect(says('microsoft', { xms_edov: '1' }).emailVerified).toBe(true);
  });

  it('an address of the userinfo endpoint is not vouched for by the ID token', () => {
    const idToken = { sub: '1', email: 'old@example.com', email_verified: true, xms_edov: true };
    const read = (kind: 'oidc' | 'microsoft', info: object) => claimsProfile(kind, joinClaims(idToken, { ...info }));
    for (const kind of ['oidc', 'microsoft'] as const) {
      expect(read(kind, ada)).toMatchObject({ ...ada, emailVerified: false });
      expect(read(kind, { email_verified: false, xms_edov: false })).toMatchObject({ emailVerified: true });
      expect(read(kind, { ...ada, email_verified: true, xms_edov: true })).toMatchObject({ emailVerified: true });
    }
  });

  it('names nobody without a subject that can be kept', () => {
    const subjects = ['', 'x'.repeat(256), 'a\0b', undefined, null, {}, Number.NaN, 1.5, Number.MAX_VALUE];
    for (const subject of subjects) {
      expect(() => identityOf(settings({}), { subject: subject as string })).toThrow(/profile/);
    }
    expect(identityOf(settings({}), { subject: 42 }).subject).toBe('42');
    for (const profile of [() => undefined, () => 'x', () => null, undefined]) {
      expect(() => profileOf(settings({ profile: profile as never }), {}, undefined)).toThrow(/profile/);
    }
  });

  it('takes an address for proven that the option vouches for, and nothing for one that is not there', () => {
    const vouched = settings({ emailsAreVerified: true });
    expect(identityOf(vouched, { subject: '1', ...ada })).toMatchObject({ emailVerified: true });
    expect(identityOf(vouched, { subject: '1', email: '' })).toMatchObject({ email: undefined, emailVerified: false });
    expect(identityOf(settings({}), { subject: '1', ...ada, emailVerified: 'yes' as never }).emailVerified).toBe(false);
  });
});
