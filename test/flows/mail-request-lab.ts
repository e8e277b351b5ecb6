import { Accounts, type AuthOptions } from '../../lib/index.js';
import { PASSWORD, type TestApp, type User } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';

/** Requests that anybody may make for any address, and that mail may follow. */
export const MAIL_REQUESTS = {
  register: (client, email) => client.post('/auth/register', { email, password: PASSWORD }),
  'password/forgot': (client, email) => client.post('/auth/password/forgot', { email }),
  'email/verify/request': (client, email) => client.post('/auth/email/verify/request', { email }),
  'magic-link/request': (client, email) => client.post('/auth/magic-link/request', { email }),
  'email-code/request': (client, email) => client.post('/auth/email-code/request', { email }),
} as const satisfies Record<string, (client: Client, email: string) => Promise<Answer>>;

export type MailRequestName = keyof typeof MAIL_REQUESTS;

/** Accounts of every kind, none of which an answer may tell from nobody. */
export const ACCOUNT_KINDS = ['known', 'locked', 'disabled', 'passwordless', 'unverified'] as const;

export type AccountKind = (typeof ACCOUNT_KINDS)[number];

export const addressOf = (kind: AccountKind): string => `${kind}@example.com`;

let invented = 0;

/** An address that nobody has, of the same length as those that somebody has. */
export function nobodys(like: AccountKind): string {
  invented += 1;
  const { length } = addressOf(like);
  return `${invented.toString(36).padStart(length, 'n')}`.slice(-(length - '@e.com'.length)) + '@e.com';
}

export const MAIL_REQUEST_AUTH = {
  emailVerification: 'required',
  rateLimits: { multiplier: 1_000_000 },
} as const satisfies Partial<AuthOptions<User>>;

export async function makeAccounts(app: TestApp): Promise<void> {
  const accounts = app.get(Accounts);
  for (const kind of ACCOUNT_KINDS) {
    const password = kind === 'passwordless' ? {} : { password: PASSWORD };
    const user = await accounts.create({ email: addressOf(kind), emailVerified: kind !== 'unverified', ...password });
    if (kind === 'disabled') await accounts.disable(user!.id);
  }
  const client = app.client();
  for (let wrong = 0; wrong < 5; wrong += 1) await client.signIn(addressOf('locked'), 'a wrong password altogether');
}
