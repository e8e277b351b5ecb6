import type { OAuthProfile } from '../../options/oauth-options.js';
import type { OAuthProviderSettings } from '../../options/oauth-settings.js';
import { ProviderFailure } from './provider-failure.js';

export type Claims = Readonly<Record<string, unknown>>;

/** Somebody as a provider names them, read and bounded. */
export interface ProviderIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  /** Of `email`. */
  readonly emailVerified: boolean;
  readonly name: string | undefined;
}

const LONGEST_ID = 255;
const LONGEST_NAME = 200;

/** Throws a `ProviderFailure` (`profile`) when nobody is named. */
export function identityOf(
  { issuer, emailsAreVerified }: Pick<OAuthProviderSettings, 'issuer' | 'emailsAreVerified'>,
  { subject, email, emailVerified, name }: OAuthProfile,
): ProviderIdentity {
  const id = typeof subject === 'number' && Number.isSafeInteger(subject) ? String(subject) : subject;
  if (typeof id !== 'string' || !isId(id) || !isId(issuer)) throw new ProviderFailure('profile');
  const address = typeof email === 'string' && email !== '' ? email.trim() : undefined;
  return {
    issuer,
    subject: id,
    email: address,
    emailVerified: address !== undefined && (emailVerified === true || emailsAreVerified),
    name: typeof name === 'string' ? name.replace(/\p{C}/gu, '').trim().slice(0, LONGEST_NAME) || undefined : undefined,
  };
}

/** What a plain OAuth 2 provider answers, by its kind. */
export function profileOf({ kind, profile }: OAuthProviderSettings, info: Claims, emails: unknown): OAuthProfile {
  switch (kind) {
    case 'github':
      return { subject: info['id'] as number, name: textOf(info['name'] ?? info['login']), ...githubEmail(emails) };
    case 'discord':
      return {
        subject: info['id'] as string,
        email: textOf(info['email']),
        emailVerified: info['verified'] === true,
        name: textOf(info['global_name'] ?? info['username']),
      };
    case 'facebook':
      return { subject: info['id'] as string, email: textOf(info['email']), name: textOf(info['name']) };
    default:
      return readWith(profile, info);
  }
}

/** What the ID token and the userinfo endpoint say together. An address and whether it is verified are of one mouth. */
export function joinClaims(idToken: Claims, info: Claims): Claims {
  const { email, email_verified, xms_edov } = info;
  return { name: info['name'], ...idToken, ...('email' in info ? { email, email_verified, xms_edov } : {}) };
}

/** The claims of an OpenID provider. Apple writes `"true"` for `true`; Microsoft has a claim of its own. */
export function claimsProfile(kind: OAuthProviderSettings['kind'], claims: Claims): OAuthProfile {
  const verified = kind === 'microsoft' ? claims['xms_edov'] : claims['email_verified'];
  return {
    subject: claims['sub'] as string,
    email: textOf(claims['email']),
    emailVerified:
      verified === true || verified === 'true' || (kind === 'microsoft' && (verified === 1 || verified === '1')),
    name: textOf(claims['name']),
  };
}

/** GitHub shows an address on the profile that need not be verified: only its list says which one is. */
function githubEmail(emails: unknown): Pick<OAuthProfile, 'email' | 'emailVerified'> {
  const list = Array.isArray(emails) ? (emails as readonly unknown[]) : [];
  const primary = list.find(
    (entry): entry is Claims => typeof entry === 'object' && entry !== null && (entry as Claims)['primary'] === true,
  );
  return { email: textOf(primary?.['email']), emailVerified: primary?.['verified'] === true };
}

function readWith(profile: OAuthProviderSettings['profile'], info: Claims): OAuthProfile {
  try {
    const read: unknown = profile?.(info);
    if (typeof read === 'object' && read !== null) return read as OAuthProfile;
  } catch (error) {
    throw new ProviderFailure('profile', error);
  }
  throw new ProviderFailure('profile');
}

function isId(text: string): boolean {
  return text.length > 0 && text.length <= LONGEST_ID && !/\p{C}/u.test(text);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
