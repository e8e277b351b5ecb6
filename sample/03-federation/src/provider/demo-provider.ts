import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { interactionPolicy, Provider, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { demoAccount } from './demo-accounts.js';
import { choicePage } from './choice-page.js';

export interface DemoProviderSettings {
  readonly port: number;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The one address that codes are sent to. */
  readonly redirectUri: string;
}

/** A provider on a port of its own. Its key is made here and dies with the process. */
export async function startProvider(settings: DemoProviderSettings): Promise<Server> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const provider = new Provider(settings.issuer, {
    clients: [
      {
        client_id: settings.clientId,
        client_secret: settings.clientSecret,
        redirect_uris: [settings.redirectUri],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_context, sub) => findAccount(sub),
    interactions: { policy: alwaysAsking(), url: (_context, { uid }) => `/choose/${uid}` },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }] },
    loadExistingGrant: grantWhatIsAsked,
    pkce: { required: () => true },
    ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 3_600, IdToken: 300, Interaction: 600, Session: 3_600 },
  } satisfies Configuration);

  const serve = provider.callback();
  const server = createServer((request, response) => {
    if (!request.url?.startsWith('/choose/')) return void serve(request, response);
    choose(provider, request, response).catch((error: Error) => response.writeHead(400).end(error.message));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(settings.port, 'localhost', resolve);
  });
  return server;
}

function findAccount(sub: string) {
  const account = demoAccount(sub);
  if (account === undefined) return undefined;
  const { name, email, emailVerified } = account;
  return { accountId: sub, claims: () => ({ sub, name, email, email_verified: emailVerified }) };
}

/** Whoever comes back chooses anew, so that one browser can be several people. */
function alwaysAsking(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  const { REQUEST_PROMPT, NO_NEED_TO_PROMPT } = interactionPolicy.Check;
  const check = new interactionPolicy.Check('choice', 'Who it is has to be chosen.', ({ oidc }) =>
    oidc.result?.login === undefined ? REQUEST_PROMPT : NO_NEED_TO_PROMPT,
  );
  policy.get('login')?.checks.add(check);
  return policy;
}

/** A page to choose an account on, where a real provider would ask for a password. */
async function choose(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Throws without the cookie that the authorization request has set: nobody chooses for another browser.
  await provider.interactionDetails(request, response);
  if (request.method !== 'POST') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    return void response.end(choicePage());
  }
  const account = demoAccount((await formOf(request)).get('account'));
  const result =
    account === undefined
      ? { error: 'access_denied', error_description: 'Nobody signed in.' }
      : { login: { accountId: account.sub, remember: false } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  return new URLSearchParams(body);
}

/** The only client is ours: whoever signs in agrees. */
async function grantWhatIsAsked({ oidc }: KoaContextWithOIDC) {
  const { client, session, provider } = oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid email profile');
  await grant.save();
  return grant;
}
