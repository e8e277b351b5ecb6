import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { MATRIX, PASSWORD } from '../support/app.js';
import { expectStatus, NEW_PASSWORD, newAddress, newMember, startStage, WRONG_PASSWORD, type Stage } from './kit.js';

const SIX_MINUTES_MS = 6 * 60_000;

/** Each flow from its first request to its last, through HTTP and a real mail server. Their depths have suites of their own. */
const FLOWS: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  'a new address is proven': async ({ app, mailbox }) => {
    const email = newAddress();
    const client = app.client();
    await expectStatus(client.register(email), 202);
    const { token } = await mailbox.next(email, 'verify-email');
    await expectStatus(client.post('/auth/email/verify', { token }), 204);
    await expectStatus(client.post('/auth/email/verify', { token }), 400, 'INVALID_TOKEN');
    const { body } = await expectStatus(client.signIn(email), 200);
    expect(body.user).toMatchObject({ email, emailVerified: true });
  },

  'another link is asked for': async ({ app, mailbox }) => {
    const email = newAddress();
    const client = app.client();
    await client.register(email);
    const first = await mailbox.next(email, 'verify-email');
    await expectStatus(client.post('/auth/email/verify/request', { email }), 202);
    const second = await mailbox.next(email, 'verify-email');
    await expectStatus(client.post('/auth/email/verify', { token: first.token }), 400, 'INVALID_TOKEN');
    await expectStatus(client.post('/auth/email/verify', { token: second.token }), 204);
  },

  'a forgotten password is reset': async (stage) => {
    const { app, mailbox } = stage;
    const { email, client } = await newMember(stage);
    await expectStatus(app.client().post('/auth/password/forgot', { email }), 202);
    const { token } = await mailbox.next(email, 'reset-password');
    const short = app.client().post('/auth/password/reset', { token, password: 'short' });
    await expectStatus(short, 400, 'PASSWORD_REJECTED');
    await expectStatus(app.client().post('/auth/password/reset', { token, password: NEW_PASSWORD }), 204);
    await expectStatus(client.get('/auth/me'), 401);
    await expectStatus(app.client().signIn(email), 401);
    await expectStatus(app.client().signIn(email, NEW_PASSWORD), 200);
    expect((await mailbox.next(email, 'password-changed')).token).toBeUndefined();
  },

  'a password is changed': async (stage) => {
    const { app, mailbox } = stage;
    const { email, client } = await newMember(stage);
    const elsewhere = app.client();
    await elsewhere.signIn(email);
    const body = { currentPassword: PASSWORD, password: NEW_PASSWORD };
    const answer = await expectStatus(client.post('/auth/password/change', body), 200);
    expect(answer.body).toMatchObject({ status: 'signed_in', user: { email } });
    await expectStatus(client.get('/auth/me'), 200);
    await expectStatus(elsewhere.get('/auth/me'), 401);
    await expectStatus(app.client().signIn(email, NEW_PASSWORD), 200);
    await mailbox.next(email, 'password-changed');
  },

  'a password is set by somebody without one': async ({ app, mailbox }) => {
    const email = newAddress();
    await app.get(Accounts).create({ email, emailVerified: true });
    const client = app.client();
    await expectStatus(client.post('/auth/magic-link/request', { email }), 202);
    const { token } = await mailbox.next(email, 'magic-link');
    await expectStatus(client.post('/auth/magic-link', { token }), 200);
    await expectStatus(client.post('/auth/password/set', { password: NEW_PASSWORD }), 200);
    await expectStatus(client.get('/auth/me'), 200);
    await expectStatus(app.client().signIn(email, NEW_PASSWORD), 200);
  },

  'an address is changed': async (stage) => {
    const { app, mailbox } = stage;
    const { email, client } = await newMember(stage);
    const other = newAddress();
    await expectStatus(client.post('/auth/email/change/request', { email: other }), 202);
    const { token } = await mailbox.next(other, 'change-email');
    expect((await mailbox.next(email, 'email-changing')).token).toBeUndefined();
    await expectStatus(app.client().signIn(email), 200);
    await expectStatus(client.post('/auth/email/change', { token }), 204);
    await mailbox.next(email, 'email-changed');
    await expectStatus(app.client().signIn(email), 401);
    const { body } = await expectStatus(app.client().signIn(other), 200);
    expect(body.user).toMatchObject({ email: other, emailVerified: true });
  },

  'a link signs in': async (stage) => {
    const { app, mailbox } = stage;
    const { email } = await newMember(stage);
    const client = app.client();
    await expectStatus(client.post('/auth/magic-link/request', { email }), 202);
    const { token } = await mailbox.next(email, 'magic-link');
    const { body } = await expectStatus(client.post('/auth/magic-link', { token }), 200);
    expect(body).toMatchObject({ status: 'signed_in', user: { email } });
    await expectStatus(client.get('/auth/me'), 200);
    await expectStatus(app.client().post('/auth/magic-link', { token }), 400, 'INVALID_TOKEN');
  },

  'a code signs in': async (stage) => {
    const { app, mailbox } = stage;
    const { email } = await newMember(stage);
    const client = app.client();
    const { challenge } = (await expectStatus(client.post('/auth/email-code/request', { email }), 202)).body;
    const { code } = await mailbox.next(email, 'sign-in-code');
    const wrong = code === '000000' ? '000001' : '000000';
    await expectStatus(client.post('/auth/email-code', { challenge, code: wrong }), 400, 'INVALID_CODE');
    await expectStatus(client.post('/auth/email-code', { challenge, code }), 200);
    await expectStatus(client.get('/auth/me'), 200);
  },

  'the identity is proven again, by password': async (stage) => {
    const { client } = await newMember(stage);
    stage.clock.advance(SIX_MINUTES_MS);
    await expectStatus(client.delete('/auth/me'), 403, 'REAUTHENTICATION_REQUIRED');
    await expectStatus(client.post('/auth/reauthenticate', { password: PASSWORD }), 200);
    await expectStatus(client.delete('/auth/me'), 204);
  },

  'the identity is proven again, by a code': async (stage) => {
    const { email, client } = await newMember(stage);
    stage.clock.advance(SIX_MINUTES_MS);
    const { challenge } = (await expectStatus(client.post('/auth/reauthenticate/email-code'), 202)).body;
    const { code } = await stage.mailbox.next(email, 'confirm-code');
    await expectStatus(client.post('/auth/reauthenticate', { challenge, emailCode: code }), 200);
    await expectStatus(client.delete('/auth/me'), 204);
  },

  'a lock is opened by its owner': async (stage) => {
    const { app, mailbox } = stage;
    const { email } = await newMember(stage);
    const stranger = app.client();
    for (let wrong = 0; wrong < 5; wrong += 1) await stranger.signIn(email, WRONG_PASSWORD);
    await expectStatus(stranger.signIn(email), 429, 'TOO_MANY_ATTEMPTS');
    const { token } = await mailbox.next(email, 'unlock');
    await expectStatus(stranger.post('/auth/unlock', { token }), 204);
    await expectStatus(stranger.signIn(email), 200);
  },

  'a profile is changed': async (stage) => {
    const { client } = await newMember(stage);
    const { body } = await expectStatus(client.call('PATCH', '/auth/me', { body: { displayName: 'Ada' } }), 200);
    expect(body).toMatchObject({ displayName: 'Ada' });
    expect((await client.get('/auth/me')).body).toEqual(body);
  },

  'an account is deleted': async (stage) => {
    const { app, mailbox } = stage;
    const { email, client } = await newMember(stage);
    await expectStatus(client.delete('/auth/me'), 204);
    await expectStatus(client.get('/auth/me'), 401);
    await expectStatus(app.client().signIn(email), 401);
    await mailbox.next(email, 'account-deleted');
  },
};

describe.each(MATRIX)('every flow, from end to end ($adapter, $database, $store)', (setup) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(setup);
  });
  afterAll(() => stage.close());

  it.each(Object.entries(FLOWS))('%s', (_, flow) => flow(stage));
});
