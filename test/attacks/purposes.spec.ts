import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, type MailKind } from '../../lib/index.js';
import { startPostOffice, type PostOffice } from '../passwordless/kit.js';
import { PASSWORD } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { WhoController } from '../sessions/kit.js';

type Kind =
  | 'session cookie'
  | 'device cookie'
  | 'CSRF token'
  | 'access token'
  | 'refresh token'
  | 'device token'
  | 'API key'
  | 'verification link'
  | 'reset link'
  | 'magic link'
  | 'address link'
  | 'code challenge'
  | 'session id';

const bearer = (token: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${token}` },
});

/** Where each kind is presented, and what says that it was taken. */
const DOORS: Readonly<
  Record<
    string,
    { readonly opens: readonly Kind[]; try(of: Client, text: string): Promise<Answer>; readonly taken: number }
  >
> = {
  'as a session cookie': {
    opens: ['session cookie'],
    try: (of, text) => of.get('/whoami', { headers: { cookie: `auth_session=${text}` } }),
    taken: 200,
  },
  'as a bearer token': {
    opens: ['access token', 'API key'],
    try: (of, text) => of.get('/whoami', bearer(text)),
    taken: 200,
  },
  'as an API key': {
    opens: ['API key'],
    try: (of, text) => of.get('/whoami', { headers: { 'x-api-key': text } }),
    taken: 200,
  },
  'as a refresh token': {
    opens: ['refresh token'],
    try: (of, refresh_token) => of.post('/auth/token/refresh', { refresh_token }),
    taken: 200,
  },
  'to prove an address': {
    opens: ['verification link'],
    try: (of, token) => of.post('/auth/email/verify', { token }),
    taken: 204,
  },
  'to reset a password': {
    opens: ['reset link'],
    try: (of, token) => of.post('/auth/password/reset', { token, password: `${PASSWORD} anew` }),
    taken: 204,
  },
  'to sign in by a link': {
    opens: ['magic link'],
    try: (of, token) => of.post('/auth/magic-link', { token }),
    taken: 200,
  },
  'to change an address': {
    opens: ['address link'],
    try: (of, token) => of.post('/auth/email/change', { token }),
    taken: 204,
  },
  'to unlock an account': {
    opens: [],
    try: (of, token) => of.post('/auth/unlock', { token }),
    taken: 204,
  },
  'as the challenge of a mailed code': {
    opens: [],
    try: (of, challenge) => of.post('/auth/email-code', { challenge, code: '000000' }),
    taken: 200,
  },
  'as the challenge of a second factor': {
    opens: [],
    try: (of, challenge) => of.post('/auth/second-factor', { challenge, code: '000000' }),
    taken: 200,
  },
  'as the code of a native application': {
    opens: [],
    try: (of, code) =>
      of.post('/auth/token', { grant_type: 'authorization_code', code, code_verifier: 'v'.repeat(43) }),
    taken: 200,
  },
};

describe('what was made for one purpose', () => {
  let office: PostOffice;
  let made: Record<Kind, string>;

  /** All of them at once: each of an account of its own, so that using one ends no other. */
  beforeAll(async () => {
    office = await startPostOffice({ controllers: [WhoController] });
    const { email } = await office.person();
    const browser = office.client();
    expect((await browser.signIn(email)).status).toBe(200);
    const tokens = (await office.client().signIn(email, PASSWORD, { deliver: 'tokens' })).body;
    const key = await browser.post('/auth/api-keys', { name: 'a machine' });
    const { items } = (await browser.get('/auth/sessions')).body;
    const mailed = async (path: string, kind: MailKind, verified = true): Promise<string> => {
      const user = await office.get(Accounts).create({
        email: `${kind}@example.com`,
        password: PASSWORD,
        emailVerified: verified,
      });
      await office.client().post(`/auth/${path}`, { email: user!.email });
      return (await office.mail(`${kind}@example.com`, kind)).token!;
    };
    const mover = await office.person();
    const moving = office.client();
    await moving.signIn(mover.email);
    await moving.post('/auth/email/change/request', { email: 'moved@example.com' });
    const challenge = await office.client().post('/auth/email-code/request', { email });
    made = {
      'session cookie': browser.cookies.get('auth_session')!,
      'device cookie': browser.cookies.get('auth_device')!,
      'CSRF token': browser.csrfToken!,
      'access token': tokens.access_token,
      'refresh token': tokens.refresh_token,
      'device token': tokens.device_token,
      'API key': key.body.key,
      'verification link': await mailed('email/verify/request', 'verify-email', false),
      'reset link': await mailed('password/forgot', 'reset-password'),
      'magic link': await mailed('magic-link/request', 'magic-link'),
      'address link': (await office.mail('moved@example.com', 'change-email')).token!,
      'code challenge': challenge.body.challenge,
      'session id': items[0].id,
    };
  });
  afterAll(() => office.close());

  it('is made', () => {
    for (const [kind, text] of Object.entries(made)) expect([kind, typeof text]).toEqual([kind, 'string']);
    expect(new Set(Object.values(made)).size).toBe(Object.keys(made).length);
  });

  it('is good for its own purpose alone', async () => {
    for (const [door, { opens, taken, try: present }] of Object.entries(DOORS)) {
      for (const kind of Object.keys(made) as Kind[]) {
        if (opens.includes(kind)) continue;
        const { status } = await present(office.client(), made[kind]);
        expect([kind, door, status >= 400 && status < 500], `${status}`).toEqual([kind, door, true]);
        expect(status).not.toBe(taken);
      }
    }
    // Nothing was used up by that: each opens its own door, those last that end others.
    for (const [door, { opens, taken, try: present }] of Object.entries(DOORS)) {
      for (const kind of opens)
        expect([kind, door, (await present(office.client(), made[kind])).status]).toEqual([kind, door, taken]);
    }
  });

  it('an API key is its secret: the id with another one opens nothing', async () => {
    const { email } = await office.person();
    const browser = office.client();
    await browser.signIn(email);
    const one = (await browser.post('/auth/api-keys', { name: 'one' })).body.key as string;
    const other = (await browser.post('/auth/api-keys', { name: 'other' })).body.key as string;
    const [prefix, label, id] = one.split('_');
    const forged = withCheck([prefix, label, id, other.split('_')[3]!.slice(0, 43)].join('_'));
    expect((await office.client().get('/whoami', bearer(one))).status).toBe(200);
    expect((await office.client().get('/whoami', bearer(forged))).status).toBe(401);
  });
});

/** The check digits of a key, which keep nobody out. */
function withCheck(body: string): string {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let text = '';
  for (let rest = crc32(body); text.length < 6; rest = Math.floor(rest / 62)) text = digits[rest % 62]! + text;
  return body + text;
}
