import type { HostileProvider } from '../oauth/hostile-provider.js';
import { begin as beginFlow, link, open } from '../oauth/kit.js';
import type { PostOffice } from '../passwordless/kit.js';
import { PASSWORD } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import type { Owner } from './kit.js';

export interface Way {
  readonly route: string;
  readonly name: string;
  readonly deliver: 'cookie' | 'tokens';
  /** What the first factor is called afterwards. */
  readonly first: string;
  readonly prepare?: (lab: Lab, who: Owner) => Promise<unknown>;
  /** Everything up to the answer that would sign in. */
  readonly begin: (lab: Lab, browser: Client, who: Owner) => Promise<Answer>;
}

/** An application whose letters are read, with a provider of identities beside it. */
export interface Lab {
  readonly office: PostOffice;
  readonly provider: HostileProvider;
}

const byMail =
  (deliver: 'cookie' | 'tokens') =>
  async ({ office }: Lab, browser: Client, { email }: Owner): Promise<Answer> => {
    await browser.post('/auth/magic-link/request', { email });
    const { token } = await office.mail(email, 'magic-link');
    return browser.post('/auth/magic-link', { token, deliver });
  };

const byCode =
  (deliver: 'cookie' | 'tokens') =>
  async ({ office }: Lab, browser: Client, { email }: Owner): Promise<Answer> => {
    const asked = await browser.post('/auth/email-code/request', { email, deliver });
    const { code } = await office.mail(email, 'sign-in-code');
    return browser.post('/auth/email-code', { challenge: asked.body.challenge, code, deliver });
  };

export const WAYS: readonly Way[] = [
  {
    route: 'POST /auth/login',
    name: 'a password',
    deliver: 'cookie',
    first: 'pwd',
    begin: (_, browser, { email }) => browser.signIn(email),
  },
  {
    route: 'POST /auth/login',
    name: 'a password, for tokens',
    deliver: 'tokens',
    first: 'pwd',
    begin: (_, browser, { email }) => browser.signIn(email, PASSWORD, { deliver: 'tokens' }),
  },
  {
    route: 'POST /auth/token',
    name: 'the password grant',
    deliver: 'tokens',
    first: 'pwd',
    begin: (_, browser, { email }) =>
      browser.post('/auth/token', { grant_type: 'password', username: email, password: PASSWORD }),
  },
  {
    route: 'POST /auth/magic-link',
    name: 'a mailed link',
    deliver: 'cookie',
    first: 'email',
    begin: byMail('cookie'),
  },
  {
    route: 'POST /auth/magic-link',
    name: 'a mailed link, for tokens',
    deliver: 'tokens',
    first: 'email',
    begin: byMail('tokens'),
  },
  {
    route: 'POST /auth/email-code',
    name: 'a mailed code',
    deliver: 'cookie',
    first: 'email',
    begin: byCode('cookie'),
  },
  {
    route: 'POST /auth/email-code',
    name: 'a mailed code, for tokens',
    deliver: 'tokens',
    first: 'email',
    begin: byCode('tokens'),
  },
  {
    route: 'GET /auth/oauth/:provider/callback',
    name: 'another provider',
    deliver: 'cookie',
    first: 'oauth',
    prepare: ({ provider }, { id, email, browser }) => link({ id, email, client: browser }, provider, { sub: id }),
    begin: async ({ provider }, browser, { id }) => {
      const back = provider.approve(await beginFlow(browser, 'hostile'), { sub: id });
      return open(browser, back);
    },
  },
];

/**
 * Routes that anybody may call on controllers from which a session can be begun or renewed, and that are no first factor:
 * why, and by which test.
 */
export const OTHERS: Readonly<Record<string, string>> = {
  'POST /auth/second-factor': 'the second factor itself: every test here',
  'POST /auth/token/refresh': 'goes on with a session that has passed: "refreshing" below',
  'POST /auth/token/revoke': 'ends a session',
  'POST /auth/passkeys/authentication': 'is two factors at once: every-way.spec.ts, "a passkey"',
  'POST /auth/passkeys/authentication/options': 'begins nothing',
  'GET /auth/oauth/:provider': 'sends to the provider',
  'POST /auth/oauth/:provider/callback': 'sends on to the GET',
  'POST /auth/logout': 'ends a session',
  'GET /auth/session': 'says who is signed in',
  'POST /auth/magic-link/request': 'sends mail',
  'POST /auth/magic-link/preview': 'says whose link it is',
  'POST /auth/email-code/request': 'sends mail',
};
