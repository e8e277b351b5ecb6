import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PasskeyChallenges } from '../../lib/features/passkeys/passkey-challenges.service.js';
import { Accounts, AuthMetrics } from '../../lib/index.js';
import type { PostOffice } from '../passwordless/kit.js';
import type { Client } from '../support/client.js';
import { ORIGIN, SoftKey, expectCode, keyHolder, requestOptions, signInBy, startKeyOffice } from './kit.js';

const MINUTE_MS = 60_000;

describe.each(['express', 'fastify'] as const)('signing in by a passkey (%s)', (adapter) => {
  let office: PostOffice;
  beforeAll(async () => {
    office = await startKeyOffice({ adapter });
  });
  afterAll(() => office.close());

  const failures = async (reason: string) =>
    (await office.audit('sign_in.failed')).filter(({ details }) => details['reason'] === reason);

  it('is both factors at once, and known by what it is', async () => {
    const { key, id, email } = await keyHolder(office);
    const browser = office.client();
    const options = await requestOptions(browser);
    expect(options).toMatchObject({ rpId: 'localhost', userVerification: 'required' });
    expect(options).not.toHaveProperty('allowCredentials');
    const done = await browser.post('/auth/passkeys/authentication', { passkey: key.get(options), rememberMe: true });
    expect(done.body).toMatchObject({ status: 'signed_in', user: { id, email }, csrfToken: expect.any(String) });
    expect(done.setCookies.some((line) => /^auth_session=.*Max-Age=/i.test(line))).toBe(true);
    const session = await browser.get('/auth/session');
    expect(session.body.methods).toEqual(['swk', 'mfa']);
    const [item] = (await browser.get('/auth/passkeys')).body.items;
    expect(item).toMatchObject({ lastUsedAt: expect.any(String), synced: true, backedUp: true, cloned: false });
  });

  it('works for clients of tokens, bound to no browser', async () => {
    const { key } = await keyHolder(office);
    const client = office.client();
    const options = await requestOptions(client, { deliver: 'tokens' });
    expect(client.cookies.size).toBe(0);
    const done = await office
      .client()
      .post('/auth/passkeys/authentication', { passkey: key.get(options), deliver: 'tokens' });
    expect(done.body).toMatchObject({ status: 'signed_in', token_type: 'Bearer', access_token: expect.any(String) });
    expectCode(
      await signInBy(client, key, {}, { deliver: 'tokens', scope: 'nothing:known' }),
      400,
      'VALIDATION_FAILED',
    );
  });

  it('a challenge ends in the browser and the delivery that it began in', async () => {
    const { key } = await keyHolder(office);
    const [mine, other] = [office.client(), office.client()];
    const options = await requestOptions(mine);
    await requestOptions(other);
    const send = (passkey: object, browser = mine, deliver = 'cookie') =>
      browser.post('/auth/passkeys/authentication', { passkey, deliver });
    expectCode(await send(key.get(options), other), 401, 'CHALLENGE_EXPIRED');
    expectCode(await send(key.get(options), office.client()), 401, 'CHALLENGE_EXPIRED');
    expectCode(await send(key.get(options), mine, 'tokens'), 401, 'CHALLENGE_EXPIRED');
    const forTokens = await requestOptions(mine, { deliver: 'tokens' });
    expectCode(await send(key.get(forTokens)), 401, 'CHALLENGE_EXPIRED');
    expect((await send(key.get(options))).status).toBe(200);
  });

  it('a challenge ends after five minutes, after its use, and with the memory of what was used', async () => {
    const { key } = await keyHolder(office);
    const browser = office.client();
    const late = await requestOptions(browser);
    office.clock.advance(5 * MINUTE_MS);
    const before = (await failures('challenge')).length;
    const send = (options: any) => browser.post('/auth/passkeys/authentication', { passkey: key.get(options) });
    expectCode(await send(late), 401, 'CHALLENGE_EXPIRED');
    expect((await failures('challenge')).length).toBe(before + 1);
    const used = await requestOptions(browser);
    expect((await send(used)).status).toBe(200);
    expectCode(await send(used), 401, 'CHALLENGE_EXPIRED');
    const challenges = office.get(PasskeyChallenges) as unknown as { store: { connectedAt: () => number } };
    const { connectedAt } = challenges.store;
    const early = await requestOptions(browser);
    challenges.store.connectedAt = () => office.clock.now() + 1;
    try {
      expectCode(await send(early), 401, 'CHALLENGE_EXPIRED');
    } finally {
      challenges.store.connectedAt = connectedAt;
    }
  });

  it('a challenge for one thing is none for another', async () => {
    const { key, browser } = await keyHolder(office);
    const options = await requestOptions(browser, { reauthenticate: true });
    await requestOptions(browser);
    expectCode(
      await browser.post('/auth/passkeys/authentication', { passkey: key.get(options) }),
      401,
      'CHALLENGE_EXPIRED',
    );
  });

  it.each([
    ['a page of another site', { origin: 'https://evil.example' }],
    ['a page in a frame of another site', { crossOrigin: true }],
    ['another domain', { rpId: 'evil.example' }],
    ['nobody verified', { verified: false }],
    ["another account's handle", { userHandle: 'A'.repeat(43) }],
    ['no handle', { userHandle: null }],
    ['another ceremony', { type: 'webauthn.create' }],
  ])('a signature of %s is refused, and recorded', async (_, says) => {
    const { key } = await keyHolder(office);
    const before = (await office.audit('sign_in.failed')).length;
    const browser = office.client();
    expectCode(await signInBy(browser, key, says), 401, 'INVALID_CREDENTIALS');
    expect((await office.audit('sign_in.failed')).length).toBe(before + 1);
    expect((await browser.get('/auth/session')).body.user).toBeNull();
  });

  it('a passkey that is unknown, of another key, removed, or of a disabled account, is answered alike', async () => {
    const { key, browser, id } = await keyHolder(office);
    const unknown = await signInBy(office.client(), new SoftKey(ORIGIN));
    const forged = new SoftKey(ORIGIN);
    Object.assign(forged, { credentialId: key.credentialId, handle: key.handle });
    const wrong = await signInBy(office.client(), forged);
    const [{ id: row }] = (await browser.get('/auth/passkeys')).body.items;
    await office.get(Accounts).disable(id);
    const disabled = await signInBy(office.client(), key);
    await office.get(Accounts).enable(id);
    expect((await signInBy(browser, key)).status).toBe(200);
    expect((await browser.delete(`/auth/passkeys/${row}`)).status).toBe(200);
    const removed = await signInBy(office.client(), key);
    for (const answer of [unknown, wrong, disabled, removed]) {
      expectCode(answer, 401, 'INVALID_CREDENTIALS');
      expect(answer.text).toBe(unknown.text);
    }
  });

  it('a counter that does not go on ends the passkey, and the owner is told once', async () => {
    const { key, email, browser } = await keyHolder(office);
    expect((await signInBy(office.client(), key, { counter: 7 })).status).toBe(200);
    office.clock.advance(MINUTE_MS);
    expectCode(await signInBy(office.client(), key, { counter: 7 }), 401, 'INVALID_CREDENTIALS');
    expectCode(await signInBy(office.client(), key, { counter: 8 }), 401, 'INVALID_CREDENTIALS');
    const [item] = (await browser.get('/auth/passkeys')).body.items;
    expect(item.cloned).toBe(true);
    const cloned = await office.audit('passkey.cloned');
    expect(cloned.filter(({ details }) => details['passkey'] === item.id)).toHaveLength(1);
    const mails = await office.mails(email, 'second-factor-changed');
    expect(mails.filter(({ text }) => /copy/i.test(text))).toHaveLength(1);
    expect((await browser.delete(`/auth/passkeys/${item.id}`)).status).toBe(200);
  });

  it('an answer that another one has overtaken within a minute is refused, and the passkey goes on', async () => {
    const { key, browser, email } = await keyHolder(office);
    const [first, second] = [office.client(), office.client()];
    const early = key.get(await requestOptions(first));
    const late = key.get(await requestOptions(second));
    const send = (client: Client, passkey: object) => client.post('/auth/passkeys/authentication', { passkey });
    expect((await send(second, late)).status).toBe(200);
    office.clock.advance(MINUTE_MS - 1);
    const before = (await failures('counter')).length;
    expectCode(await send(first, early), 401, 'INVALID_CREDENTIALS');
    expect((await failures('counter')).length).toBe(before + 1);
    const [item] = (await browser.get('/auth/passkeys')).body.items;
    expect(item.cloned).toBe(false);
    expect((await office.mails(email, 'second-factor-changed')).filter(({ text }) => /copy/i.test(text))).toEqual([]);
    expect((await signInBy(office.client(), key)).status).toBe(200);
  });

  it('an answer to what was never a challenge of ours is counted, and fills no audit trail', async () => {
    const { key } = await keyHolder(office);
    const metrics = office.get(AuthMetrics);
    const told: unknown[] = [];
    metrics.count = (...counted) => void told.push(counted);
    const before = (await office.audit('sign_in.failed')).length;
    const options = await requestOptions(office.client());
    for (const challenge of [options.challenge, 'x', `${options.challenge}A`]) {
      const passkey = key.get({ ...options, challenge });
      const answer = await office.client().post('/auth/passkeys/authentication', { passkey });
      expectCode(answer, 401, 'CHALLENGE_EXPIRED');
    }
    expect((await office.audit('sign_in.failed')).length).toBe(before);
    const foreign = [['auth_foreign_challenges', { method: 'passkey' }]];
    expect(told).toEqual([...foreign, ...foreign, ...foreign]);
  });

  it('an authenticator without a counter signs in again and again', async () => {
    const { key } = await keyHolder(office, new SoftKey(ORIGIN, { counter: 0 }));
    for (let turn = 0; turn < 2; turn += 1) expect((await signInBy(office.client(), key)).status).toBe(200);
  });

  it('is not stopped by a lock of passwords', async () => {
    const { key, email } = await keyHolder(office);
    for (let turn = 0; turn < 6; turn += 1) await office.client().signIn(email, 'a wrong password altogether');
    expectCode(await office.client().signIn(email), 429, 'TOO_MANY_ATTEMPTS');
    expect((await signInBy(office.client(), key)).status).toBe(200);
  });

  it('asks the hook, and refuses pages of other sites', async () => {
    const { key } = await keyHolder(office);
    office.hooks.answer = ({ method }) => method !== 'swk';
    try {
      expectCode(await signInBy(office.client(), key), 403, 'SIGN_IN_REFUSED');
    } finally {
      office.hooks.answer = () => true;
    }
    const headers = { origin: 'https://evil.example' };
    for (const path of ['authentication/options', 'authentication']) {
      const passkey = key.get(await requestOptions(office.client()));
      const body = path === 'authentication' ? { passkey } : {};
      expectCode(await office.client().post(`/auth/passkeys/${path}`, body, { headers }), 403, 'CSRF_FAILED');
    }
  });

  it('a stale token or a page without its CSRF token keeps nobody from beginning', async () => {
    const { browser } = await keyHolder(office);
    const headers = { authorization: 'Bearer stale' };
    expect((await browser.post('/auth/passkeys/authentication/options', {}, { headers, csrf: false })).status).toBe(
      200,
    );
    const again = { reauthenticate: true };
    const ask = (options: object) => browser.post('/auth/passkeys/authentication/options', again, options);
    expectCode(await ask({ csrf: false }), 403, 'CSRF_FAILED');
    expectCode(await ask({ headers }), 401, 'INVALID_ACCESS_TOKEN');
    const stranger = office.client();
    expectCode(await stranger.post('/auth/passkeys/authentication/options', again), 401, 'NOT_AUTHENTICATED');
  });
});
