import { Accounts } from '../../lib/index.js';
import { PASSWORD } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { expectStatus, NEW_PASSWORD, newAddress, newMember, WRONG_PASSWORD, type Stage } from './kit.js';

/** The last request of a flow, with what was mailed in hand. */
export interface Confirmation {
  readonly status: number;
  send(): Promise<Answer>;
}

type Prepare = (stage: Stage) => Promise<Confirmation>;

/** Every flow that ends with something mailed, up to its last request. */
export const CONFIRMATIONS = {
  'the proof of an address': async ({ app, mailbox }) => {
    const email = newAddress();
    const client = app.client();
    await expectStatus(client.register(email), 202);
    const { token } = await mailbox.next(email, 'verify-email');
    return { status: 204, send: () => client.post('/auth/email/verify', { token }) };
  },

  'a reset': async (stage) => {
    const { email } = await newMember(stage);
    const client = stage.app.client();
    await expectStatus(client.post('/auth/password/forgot', { email }), 202);
    const { token } = await stage.mailbox.next(email, 'reset-password');
    return { status: 204, send: () => client.post('/auth/password/reset', { token, password: NEW_PASSWORD }) };
  },

  'a change of address': async (stage) => {
    const { client } = await newMember(stage);
    const email = newAddress();
    await expectStatus(client.post('/auth/email/change/request', { email }), 202);
    const { token } = await stage.mailbox.next(email, 'change-email');
    return { status: 204, send: () => client.post('/auth/email/change', { token }) };
  },

  'a sign-in link': async (stage) => {
    const { email } = await newMember(stage);
    const client = stage.app.client();
    await expectStatus(client.post('/auth/magic-link/request', { email }), 202);
    const { token } = await stage.mailbox.next(email, 'magic-link');
    return { status: 200, send: () => client.post('/auth/magic-link', { token }) };
  },

  'an unlock link': async (stage) => {
    const { email } = await newMember(stage);
    const client = stage.app.client();
    for (let wrong = 0; wrong < 5; wrong += 1) await client.signIn(email, WRONG_PASSWORD);
    const { token } = await stage.mailbox.next(email, 'unlock');
    return { status: 204, send: () => client.post('/auth/unlock', { token }) };
  },

  'a sign-in code': async (stage) => {
    const { email } = await newMember(stage);
    const client = stage.app.client();
    const { challenge } = (await expectStatus(client.post('/auth/email-code/request', { email }), 202)).body;
    const { code } = await stage.mailbox.next(email, 'sign-in-code');
    return { status: 200, send: () => client.post('/auth/email-code', { challenge, code }) };
  },

  'a code that confirms': async (stage) => {
    const { email, client } = await newMember(stage);
    const { challenge } = (await expectStatus(client.post('/auth/reauthenticate/email-code'), 202)).body;
    const { code: emailCode } = await stage.mailbox.next(email, 'confirm-code');
    return { status: 200, send: () => client.post('/auth/reauthenticate', { challenge, emailCode }) };
  },
} as const satisfies Record<string, Prepare>;

export type ConfirmationName = keyof typeof CONFIRMATIONS;

/** Changes of somebody who is signed in that need nothing mailed. */
export const CHANGES = {
  'a change of password': async (stage) => {
    const { client } = await newMember(stage);
    const body = { currentPassword: PASSWORD, password: NEW_PASSWORD };
    return { status: 200, send: () => client.post('/auth/password/change', body) };
  },

  'a first password': async ({ app, mailbox }) => {
    const email = newAddress();
    await app.get(Accounts).create({ email, emailVerified: true });
    const client = app.client();
    await expectStatus(client.post('/auth/magic-link/request', { email }), 202);
    const { token } = await mailbox.next(email, 'magic-link');
    await expectStatus(client.post('/auth/magic-link', { token }), 200);
    return { status: 200, send: () => client.post('/auth/password/set', { password: NEW_PASSWORD }) };
  },

  'a re-authentication': async (stage) => {
    const { client } = await newMember(stage);
    return { status: 200, send: () => client.post('/auth/reauthenticate', { password: PASSWORD }) };
  },

  'a profile': async (stage) => {
    const { client } = await newMember(stage);
    return { status: 200, send: () => client.call('PATCH', '/auth/me', { body: { displayName: 'Ada' } }) };
  },

  'a deletion': async (stage) => {
    const { client } = await newMember(stage);
    return { status: 204, send: () => client.delete('/auth/me') };
  },
} as const satisfies Record<string, Prepare>;

export async function prepareAll(
  stage: Stage,
  which: Readonly<Record<string, Prepare>> = { ...CONFIRMATIONS, ...CHANGES },
): Promise<ReadonlyMap<string, Confirmation>> {
  const prepared = new Map<string, Confirmation>();
  for (const [name, prepare] of Object.entries(which)) prepared.set(name, await prepare(stage));
  return prepared;
}
