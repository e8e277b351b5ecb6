import { duration, field, flag, isRecord, oneOf, optionalText, required, text } from './fields.js';
import type { Field, FieldsOf, Shape } from './fields.js';
import { privateKeyOf, privateKeyProblem } from './key-pem.js';
import { MAX_SECRET } from './key-values.js';
import { list } from './list-fields.js';
import { isLoopbackHost } from './loopback.js';
import type { OAuthOptions, OAuthProfileReader, OAuthProviderKind } from './oauth-options.js';
import { presetOf } from './oauth-presets.js';
import type { OAuthProviderSettings } from './oauth-settings.js';
import { childPath, type Problems } from './problems.js';
import { readGroup } from './read-group.js';

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
/** RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]{1,128}$/;
const PARAMETER = /^[A-Za-z0-9_.-]{1,64}$/;
const TENANT = /^(?:common|organizations|consumers|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;
const APPLE_ID = /^[A-Z0-9]{10}$/;
/** What a flow consists of: an option must not replace it. */
const OWN_PARAMETERS: ReadonlySet<string> = new Set([
  'client_id',
  'client_secret',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'request',
  'request_uri',
  'max_age',
]);
/** Schemes that a browser carries out itself. */
const NO_APPLICATION = /^(?:javascript|data|vbscript|blob|about|file|filesystem|ws|wss|ftp|mailto|tel):/i;

const common = {
  clientId: required(text('', 500), 'It is what the provider knows the application by.'),
  scopes: field<readonly string[] | undefined>(undefined, (value) =>
    Array.isArray(value) && value.every((scope) => typeof scope === 'string' && SCOPE.test(scope))
      ? undefined
      : 'must be a list of scopes: printable ASCII without space, " and \\.',
  ),
  authorizationParameters: field<Readonly<Record<string, string>>>({}, parametersProblem),
  storeTokens: flag(false),
  emailsAreVerified: flag(false),
};
const withSecret = { ...common, clientSecret: optionalText(MAX_SECRET) };
const withAuthentication = {
  ...withSecret,
  clientAuthentication: field<'basic' | 'post' | undefined>(undefined, (value) =>
    value === 'basic' || value === 'post' ? undefined : "must be 'basic' or 'post'.",
  ),
};
const appleId = pattern(APPLE_ID, 'must be ten capital letters and digits.');

const SHAPES: Readonly<Record<OAuthProviderKind, Shape>> = {
  google: withSecret,
  discord: withSecret,
  facebook: withSecret,
  github: { ...withSecret, url: field('https://github.com', urlProblem, String) },
  gitlab: { ...withSecret, issuer: field('https://gitlab.com', urlProblem, String) },
  microsoft: {
    ...withSecret,
    tenant: pattern(TENANT, "must be 'common', 'organizations', 'consumers' or the id of a tenant.", 'common'),
  },
  apple: {
    ...common,
    teamId: required(appleId, 'It stands in the developer account.'),
    keyId: required(appleId, 'It stands beside the key in the developer account.'),
    privateKey: required(field('', appleKeyProblem), 'Give the text of the .p8 file.'),
  },
  oidc: { ...withAuthentication, issuer: required(field('', urlProblem, String), 'Whose metadata are to be read?') },
  oauth2: {
    ...withAuthentication,
    authorizationUrl: required(field('', endpointProblem, String), 'The provider documents it.'),
    tokenUrl: required(field('', endpointProblem, String), 'The provider documents it.'),
    userInfoUrl: required(field('', endpointProblem, String), 'The provider documents it.'),
    issuer: field<string | undefined>(undefined, urlProblem),
    profile: required(
      field<OAuthProfileReader | undefined>(undefined, (value) =>
        typeof value === 'function' ? undefined : 'must be a function that reads what userInfoUrl answers.',
      ),
      'Who is it that userInfoUrl speaks of?',
    ),
  },
};

const KINDS = Object.keys(SHAPES) as OAuthProviderKind[];
const kindField = oneOf<OAuthProviderKind>('oidc', KINDS);

/** Everything below `oauth`. */
export const oauth = {
  providers: providers(),
  linkByVerifiedEmail: flag(false),
  registration: field<boolean | undefined>(
    undefined,
    (value) => (typeof value === 'boolean' ? undefined : 'must be true or false.'),
    undefined,
    'registration.enabled',
  ),
  nativeRedirects: list([], nativeRedirectProblem),
  timeout: duration('10s', '100ms', '30s'),
} satisfies FieldsOf<OAuthOptions>;

function providers(): Field<Readonly<Record<string, OAuthProviderSettings>>> {
  return {
    kind: 'field',
    shownDefault: '{}',
    required: false,
    missing: () => Object.create(null) as Record<string, OAuthProviderSettings>,
    parse(value, path, problems) {
      // Without a prototype a provider called `constructor` is looked up as what it is: absent.
      const result = Object.create(null) as Record<string, OAuthProviderSettings>;
      if (!isRecord(value)) {
        problems.add(path, 'must be an object of providers by name.');
        return result;
      }
      for (const [name, given] of Object.entries(value)) {
        const at = childPath(path, name);
        if (!NAME.test(name))
          problems.add(at, 'must have a name of 1 to 64 of a-z 0-9 and -: it stands in the address.');
        else result[name] = provider(name, given, at, problems);
      }
      return result;
    },
  };
}

function provider(name: string, value: unknown, path: string, problems: Problems): OAuthProviderSettings {
  if (!isRecord(value) || !KINDS.some((known) => known === value['kind'])) {
    problems.add(path, `must be made by one of ${KINDS.join(', ')}.`);
    return settingsOf(name, 'oidc', {});
  }
  const { kind: _kind, ...rest } = value;
  const kind = kindField.parse(value['kind'], path, problems);
  const read = readGroup(SHAPES[kind], rest, path, { problems, refuseEmpty: true }) as Record<string, unknown>;
  return settingsOf(name, kind, read);
}

/** The options of a kind are known by now to have the types of their fields. */
function settingsOf(
  name: string,
  kind: OAuthProviderKind,
  read: Readonly<Record<string, unknown>>,
): OAuthProviderSettings {
  const { issuer, endpoints, scopes, clientAuthentication } = presetOf(kind, read);
  const given = read as Partial<OAuthProviderSettings> & { readonly teamId?: string; readonly keyId?: string };
  const pem = read['privateKey'];
  return Object.freeze({
    name,
    kind,
    issuer,
    endpoints,
    clientId: given.clientId ?? '',
    clientSecret: given.clientSecret,
    appleKey:
      typeof pem === 'string' && pem !== ''
        ? { teamId: given.teamId ?? '', keyId: given.keyId ?? '', privateKey: privateKeyOf(pem) }
        : undefined,
    clientAuthentication: given.clientAuthentication ?? clientAuthentication,
    scopes: given.scopes ?? scopes,
    authorizationParameters: given.authorizationParameters ?? {},
    storeTokens: given.storeTokens ?? false,
    emailsAreVerified: given.emailsAreVerified ?? false,
    profile: given.profile,
  });
}

function pattern(expected: RegExp, complaint: string, fallback = ''): Field<string> {
  return field(fallback, (value) => (typeof value === 'string' && expected.test(value) ? undefined : complaint));
}

/** https, so that nobody reads along; http to this machine for development. */
function endpointProblem(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value) || value.length > 2_000) return 'must be a URL.';
  const url = new URL(value);
  if (url.username !== '' || url.password !== '' || url.hash !== '') return 'must not carry a user or a fragment.';
  const isLocal = url.protocol === 'http:' && isLoopbackHost(url.hostname);
  return url.protocol === 'https:' || isLocal ? undefined : 'must begin with https://: secrets and identities pass it.';
}

/** OpenID Connect Core §2: an issuer has neither query nor fragment. Identities are kept under it. */
function urlProblem(value: unknown): string | undefined {
  const problem = endpointProblem(value);
  if (problem !== undefined) return problem;
  if (String(value).length > 255) return 'must be at most 255 characters long.';
  return /[?#]/.test(String(value)) ? 'must not carry a query.' : undefined;
}

function parametersProblem(value: unknown): string | undefined {
  if (!isRecord(value)) return 'must be an object of parameters.';
  const wrong = Object.entries(value).some(
    ([name, text]) => !PARAMETER.test(name) || typeof text !== 'string' || text.length > 1_000,
  );
  if (wrong) return 'must be text by name, at most 1000 characters each.';
  const own = Object.keys(value).find((name) => OWN_PARAMETERS.has(name));
  return own === undefined ? undefined : `must not set ${own}: the flow does.`;
}

function appleKeyProblem(value: unknown): string | undefined {
  const problem = privateKeyProblem(value);
  if (problem !== undefined) return problem;
  const { namedCurve } = privateKeyOf(String(value)).asymmetricKeyDetails ?? {};
  return namedCurve === 'prime256v1' ? undefined : 'must be a P-256 key.';
}

function nativeRedirectProblem(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value) || value.length > 500) return 'must be a URL.';
  const url = new URL(value);
  if (NO_APPLICATION.test(value) || url.username !== '' || url.password !== '' || /[#\s\\]/.test(value))
    return 'must lead to an application, without user and fragment.';
  return url.protocol !== 'http:' || isLoopbackHost(url.hostname)
    ? undefined
    : 'must be a scheme of the application, https, or http on loopback.';
}
