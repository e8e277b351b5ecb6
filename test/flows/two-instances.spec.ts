import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STACKS, startApp, type TestApp } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { expectStatus, FLOW_AUTH, NEW_PASSWORD, newAddress, newMember, startStage, WRONG_PASSWORD } from './kit.js';
import type { Stage } from './kit.js';

const [, SHARED] = STACKS;

/** Two instances over one PostgreSQL and one Redis. What one of them ends must be dead on the other at the next request. */
describe('a reset on one instance', () => {
  let stage: Stage;
  let other: TestApp;
  beforeAll(async () => {
    stage = await startStage({ ...SHARED, adapter: 'express', auth: { instances: 2 } });
    const { databaseUrl, redisUrl } = stage.app;
    other = await startApp({
      adapter: 'fastify',
      databaseUrl: databaseUrl!,
      redisUrl: redisUrl!,
      clock: stage.clock,
      typeorm: { synchronize: false },
      auth: { ...FLOW_AUTH, instances: 2, mail: stage.mailbox.options },
    });
  });
  afterAll(async () => {
    await other.close();
    await stage.close();
  });

  it('ends everything older on the other', async () => {
    const { app, mailbox } = stage;
    const { email, client } = await newMember(stage);
    const grant = { grant_type: 'password', username: email, password: 'correct horse battery staple' };
    const tokens = (await expectStatus(app.client().post('/auth/token', grant), 200)).body;
    const bearer = { headers: { authorization: `Bearer ${tokens.access_token}` } };

    const link = await asked(client, 'magic-link/request', { email }, () => mailbox.next(email, 'magic-link'));
    const moved = newAddress();
    const change = await asked(client, 'email/change/request', { email: moved }, () =>
      mailbox.next(moved, 'change-email'),
    );
    const older = await asked(client, 'password/forgot', { email }, () => mailbox.next(email, 'reset-password'));
    const { challenge } = (await expectStatus(client.post('/auth/email-code/request', { email }), 202)).body;
    const { code } = await mailbox.next(email, 'sign-in-code');
    const stranger = app.client();
    for (let wrong = 0; wrong < 5; wrong += 1) await stranger.signIn(email, WRONG_PASSWORD);
    const unlock = await mailbox.next(email, 'unlock');
    const elsewhere = at(other, client);
    await expectStatus(elsewhere.get('/auth/me'), 200);
    await expectStatus(other.client().get('/auth/me', bearer), 200);

    const newer = await asked(client, 'password/forgot', { email }, () => mailbox.next(email, 'reset-password'));
    await expectStatus(app.client().post('/auth/password/reset', { token: newer.token, password: NEW_PASSWORD }), 204);

    await expectStatus(elsewhere.get('/auth/me'), 401);
    await expectStatus(other.client().get('/auth/me', bearer), 401);
    const { refresh_token } = tokens;
    await expectStatus(other.client().post('/auth/token/refresh', { refresh_token }), 401, 'INVALID_REFRESH_TOKEN');
    for (const { token } of [older, newer]) {
      await refused(other.client().post('/auth/password/reset', { token, password: NEW_PASSWORD }));
    }
    await refused(elsewhere.post('/auth/magic-link', { token: link.token }));
    await refused(elsewhere.post('/auth/email/change', { token: change.token }));
    await refused(other.client().post('/auth/unlock', { token: unlock.token }));
    // What the code is made from has changed: it is a wrong one now.
    await expectStatus(elsewhere.post('/auth/email-code', { challenge, code }), 400, 'INVALID_CODE');
    // The lock was ended with the reset.
    await expectStatus(other.client().signIn(email), 401);
    await expectStatus(other.client().signIn(email, NEW_PASSWORD), 200);
  });
});

async function asked<T>(client: Client, path: string, body: object, mail: () => Promise<T>): Promise<T> {
  await expectStatus(client.post(`/auth/${path}`, body), 202);
  return mail();
}

async function refused(sent: Promise<Answer>): Promise<void> {
  const { status, body } = await sent;
  expect([status, body.code]).toEqual([400, 'INVALID_TOKEN']);
}

/** The same browser, at another instance. */
function at(app: TestApp, browser: Client): Client {
  const fresh = app.client();
  for (const [name, value] of browser.cookies) fresh.cookies.set(name, value);
  fresh.csrfToken = browser.csrfToken;
  return fresh;
}
