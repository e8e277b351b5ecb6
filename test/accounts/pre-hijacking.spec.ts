import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { PASSWORD, STACKS } from '../support/app.js';
import type { Client } from '../support/client.js';
import { ADA, ANOTHER, EVE, startMailApp, type MailApp } from '../email/kit.js';

/**
 * Attacks on accounts before they are created (Sudhodanan & Paverd, USENIX Security 2022): Mallory registers Ada's address
 * first and waits for her to use it. Of the five classes two need an identity provider, classic-federated merge and
 * non-verifying provider: there is none here. Everything runs with `optional`, which lets Mallory sign in unproven.
 */
const MALLORY = 'the passphrase of mallory';

let running: MailApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

describe.each(STACKS)('pre-hijacking with $database and $store', (stack) => {
  async function mallory(): Promise<{ mailApp: MailApp; client: Client }> {
    const fields = v.partial(v.object({ displayName: v.string(), handle: v.string() }));
    const mailApp = await startMailApp(stack, {
      emailVerification: 'optional',
      profile: { fields },
      identifiers: ['email', 'handle'],
      publicUserFields: ['displayName', 'handle'],
    });
    running = mailApp;
    const client = mailApp.app.client();
    await client.register(ADA, MALLORY);
    expect((await client.signIn(ADA, MALLORY, { rememberMe: true })).status).toBe(200);
    return { mailApp, client };
  }

  /** Ada registers, opens the link that comes, and chooses a password there. */
  async function adaArrives({ app, mailbox, deliver }: MailApp): Promise<Client> {
    await deliver();
    const before = mailbox.all(ADA).length;
    await app.client().register(ADA, PASSWORD);
    await deliver();
    const { token } = mailbox.all(ADA).slice(before).at(-1)!;
    const proof = await app.client().post('/auth/email/verify', { token, password: ANOTHER });
    expect(proof.status).toBe(204);
    const ada = app.client();
    expect((await ada.signIn(ADA, ANOTHER)).status).toBe(200);
    return ada;
  }

  it('attacker registers first: the password of the first registration opens nothing', async () => {
    const { mailApp } = await mallory();
    await adaArrives(mailApp);
    expect((await mailApp.app.client().signIn(ADA, MALLORY)).status).toBe(401);
  });

  it('attacker registers first: a reset by the owner leaves nothing of the first registration', async () => {
    const { mailApp, client } = await mallory();
    const { app, mailbox, deliver } = mailApp;
    await client.call('PATCH', '/auth/me', { body: { displayName: 'Mallory', handle: 'mallory' } });
    await app.client().post('/auth/password/forgot', { email: ADA });
    await deliver();
    const { token } = await mailbox.next(ADA, 'reset-password');
    expect((await app.client().post('/auth/password/reset', { token, password: ANOTHER })).status).toBe(204);
    expect((await client.get('/auth/me')).status).toBe(401);
    expect((await app.client().signIn(ADA, MALLORY)).status).toBe(401);
    const { body } = await app.client().signIn(ADA, ANOTHER);
    expect(body.user).toMatchObject({ emailVerified: true, displayName: null, handle: null });
  });

  it('attacker registers first: a sign-in by mail leaves no password of the first registration', async () => {
    const { mailApp, client } = await mallory();
    const { app, mailbox, deliver } = mailApp;
    const ada = app.client();
    await ada.post('/auth/magic-link/request', { email: ADA });
    await deliver();
    const { token } = await mailbox.next(ADA, 'magic-link');
    expect((await ada.post('/auth/magic-link', { token })).status).toBe(200);
    expect((await ada.get('/auth/me')).body).toMatchObject({ emailVerified: true });
    expect((await client.get('/auth/me')).status).toBe(401);
    expect((await app.client().signIn(ADA, MALLORY)).status).toBe(401);
  });

  it('unexpired session: a session from before the proof is dead, whatever keeps it alive', async () => {
    const { mailApp, client } = await mallory();
    const tokens = await mailApp.app.client().signIn(ADA, MALLORY, { deliver: 'tokens' });
    await adaArrives(mailApp);
    expect((await client.get('/auth/me')).status).toBe(401);
    const refreshed = await mailApp.app
      .client()
      .post('/auth/token/refresh', { refresh_token: tokens.body.refresh_token });
    expect(refreshed.body.code).toBe('INVALID_REFRESH_TOKEN');
    const bearer = { headers: { authorization: `Bearer ${tokens.body.access_token}` } };
    expect((await mailApp.app.client().get('/auth/me', bearer)).status).toBe(401);
  });

  it('unexpired session: a session that begins after the second registration dies with the proof too', async () => {
    const { mailApp, client } = await mallory();
    await mailApp.app.client().register(ADA, PASSWORD);
    expect((await client.signIn(ADA, MALLORY)).status).toBe(200);
    await adaArrives(mailApp);
    expect((await client.get('/auth/me')).status).toBe(401);
  });

  it('trojan identifier: a second name that signs in is not for an address that nobody has proven', async () => {
    // Linked identities of a provider are the other kind of trojan: there are none here.
    const { mailApp, client } = await mallory();
    const named = await client.call('PATCH', '/auth/me', { body: { displayName: 'Mallory', handle: 'mallory' } });
    expect(named).toMatchObject({ status: 403, body: { code: 'EMAIL_NOT_VERIFIED' } });
    const ada = await adaArrives(mailApp);
    expect((await ada.get('/auth/me')).body).toMatchObject({ displayName: null, handle: null });
    expect((await mailApp.app.client().signIn('mallory', MALLORY)).status).toBe(401);
    expect((await mailApp.app.client().signIn('mallory', ANOTHER)).status).toBe(401);
  });

  it('unexpired email change: a link from before the proof moves the account nowhere', async () => {
    const { mailApp, client } = await mallory();
    const { app, mailbox, deliver } = mailApp;
    await client.post('/auth/email/change/request', { email: EVE });
    await deliver();
    const { token } = await mailbox.next(EVE, 'change-email');
    const ada = await adaArrives(mailApp);
    expect((await app.client().post('/auth/email/change', { token })).body.code).toBe('INVALID_TOKEN');
    expect((await ada.get('/auth/me')).body.email).toBe(ADA);
  });

  it('unexpired email change: one that is asked for before the proof and mailed after it does as little', async () => {
    const { mailApp, client } = await mallory();
    const { app, mailbox, deliver } = mailApp;
    await app.client().register(ADA, PASSWORD);
    await deliver();
    const { token } = mailbox.all(ADA).at(-1)!;
    await client.signIn(ADA, MALLORY);
    expect((await client.post('/auth/email/change/request', { email: EVE })).status).toBe(202);
    expect((await app.client().post('/auth/email/verify', { token, password: ANOTHER })).status).toBe(204);
    await deliver();
    expect(mailbox.all(EVE)).toEqual([]);
  });

  it('a reset link from before the proof sets no password', async () => {
    const { mailApp } = await mallory();
    const { app, mailbox, deliver } = mailApp;
    await app.client().post('/auth/password/forgot', { email: ADA });
    await deliver();
    const { token } = await mailbox.next(ADA, 'reset-password');
    await adaArrives(mailApp);
    const answer = await app.client().post('/auth/password/reset', { token, password: MALLORY });
    expect(answer.body.code).toBe('INVALID_TOKEN');
  });
});
