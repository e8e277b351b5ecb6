import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PasskeyChallenges } from '../../lib/features/passkeys/passkey-challenges.service.js';
import type { PostOffice } from '../passwordless/kit.js';
import { begin, enrol, finish } from '../second-factor/kit.js';
import {
  ORIGIN,
  SoftKey,
  add,
  expectCode,
  holder,
  keyHolder,
  requestOptions,
  signInBy,
  startKeyOffice,
} from './kit.js';

const MINUTE_MS = 60_000;

describe('a passkey beside another proof', () => {
  let office: PostOffice;
  beforeAll(async () => {
    office = await startKeyOffice();
  });
  afterAll(() => office.close());

  /** An account with an authenticator and a passkey. */
  const both = async () => {
    const who = await keyHolder(office);
    const { authenticator } = await enrol(office.clock, who.browser);
    return { ...who, authenticator };
  };

  it('makes no sign-in by password ask for it', async () => {
    const { email, browser } = await keyHolder(office);
    expect((await office.client().signIn(email)).body.status).toBe('signed_in');
    expect((await browser.get('/auth/second-factor')).body).toMatchObject({ totp: false, passkeys: 1 });
  });

  it('finishes a sign-in that an authenticator calls for, with or without user verification', async () => {
    const { email, key, id } = await both();
    for (const verified of [true, false]) {
      const browser = office.client();
      const first = await browser.signIn(email);
      expect(first.body.methods).toEqual(expect.arrayContaining(['code', 'passkey']));
      const { challenge } = first.body;
      const options = await requestOptions(browser, { challenge });
      expect(options).toMatchObject({ userVerification: 'preferred', allowCredentials: [{ id: key.id }] });
      const done = await finish(browser, challenge, { passkey: key.get(options, { verified }) });
      expect(done.body).toMatchObject({ status: 'signed_in', user: { id } });
      expect((await browser.get('/auth/session')).body.methods).toEqual(['pwd', 'swk', 'mfa']);
    }
  });

  it('is asked for nothing when it signs in alone, whatever the account has', async () => {
    const { key } = await both();
    expect((await signInBy(office.client(), key)).body.status).toBe('signed_in');
  });

  it('is bound to the sign-in that waits: another one, another browser, another account and no sign-in get nothing', async () => {
    const [who, other] = [await both(), await both()];
    const browser = office.client();
    const challenge = await begin(browser, who.email);
    const stranger = office.client();
    const ask = (client: typeof browser, body: object) => client.post('/auth/passkeys/authentication/options', body);
    expectCode(await ask(stranger, { challenge }), 401, 'CHALLENGE_EXPIRED');
    expectCode(await ask(browser, { challenge, deliver: 'tokens' }), 401, 'CHALLENGE_EXPIRED');
    expectCode(await ask(browser, { challenge: 'x' }), 401, 'CHALLENGE_EXPIRED');
    expectCode(await ask(browser, { challenge, reauthenticate: true }), 400, 'VALIDATION_FAILED');
    const options = await requestOptions(browser, { challenge });
    const wrong = async (passkey: object) =>
      expectCode(await finish(browser, challenge, { passkey }), 400, 'INVALID_CODE');
    await wrong(other.key.get(options));
    await wrong(who.key.get(options, { origin: 'https://evil.example' }));
    const over = async (passkey: object) =>
      expectCode(await finish(browser, challenge, { passkey }), 401, 'CHALLENGE_EXPIRED');
    await over(who.key.get(await requestOptions(browser)));
    const second = await begin(browser, who.email);
    await over(who.key.get(await requestOptions(browser, { challenge: second })));
    expect((await finish(browser, challenge, { passkey: who.key.get(options) })).status).toBe(200);
    expectCode(await finish(browser, second, { passkey: who.key.get(options) }), 401, 'CHALLENGE_EXPIRED');
  });

  it('a sign-in that waits has no options where the account has no passkey', async () => {
    const { email, browser } = await holder(office);
    await enrol(office.clock, browser);
    const next = office.client();
    const challenge = await begin(next, email);
    expectCode(await next.post('/auth/passkeys/authentication/options', { challenge }), 404, 'NOT_FOUND');
  });

  it('proves the identity once more, with the owner verified', async () => {
    const { browser, key } = await keyHolder(office);
    office.clock.advance(6 * MINUTE_MS);
    const refused = await browser.post('/auth/passkeys/registration/options', {});
    expectCode(refused, 403, 'REAUTHENTICATION_REQUIRED');
    expect(refused.body.details.methods).toContain('passkey');
    const ask = () => requestOptions(browser, { reauthenticate: true });
    const options = await ask();
    expect(options).toMatchObject({ userVerification: 'required', allowCredentials: [{ id: key.id }] });
    const prove = (passkey: object) => browser.post('/auth/reauthenticate', { passkey });
    expectCode(await prove(key.get(options, { verified: false })), 400, 'INVALID_CODE');
    expect((await prove(key.get(options))).body.status).toBe('signed_in');
    expectCode(await prove(key.get(options)), 401, 'CHALLENGE_EXPIRED');
    expect((await browser.post('/auth/passkeys/registration/options', {})).status).toBe(200);
    const other = office.client();
    await signInBy(other, key);
    const mine = await ask();
    expectCode(await other.post('/auth/reauthenticate', { passkey: key.get(mine) }), 401, 'CHALLENGE_EXPIRED');
  });

  it('a challenge that is over or used counts as no wrong proof, however often it is answered', async () => {
    const { browser, email, key } = await keyHolder(office);
    const failed = async () => (await office.audit('reauthentication.failed')).length;
    const before = await failed();
    const prove = (passkey: object) => browser.post('/auth/reauthenticate', { passkey });
    const ask = () => requestOptions(browser, { reauthenticate: true });
    const late = await ask();
    office.clock.advance(5 * MINUTE_MS);
    for (let tries = 0; tries < 11; tries += 1) expectCode(await prove(key.get(late)), 401, 'CHALLENGE_EXPIRED');
    expectCode(await prove(key.get({ ...late, challenge: 'x' })), 401, 'CHALLENGE_EXPIRED');
    const mine = await ask();
    const used = office.get(PasskeyChallenges);
    const { use } = used;
    used.use = () => Promise.resolve(false);
    try {
      for (let tries = 0; tries < 11; tries += 1) expectCode(await prove(key.get(mine)), 401, 'CHALLENGE_EXPIRED');
    } finally {
      used.use = use;
    }
    expect(await failed()).toBe(before);
    expect((await prove(key.get(await ask()))).status).toBe(200);
    await enrol(office.clock, browser);
    const next = office.client();
    const challenge = await begin(next, email);
    const options = await requestOptions(next, { challenge });
    for (let tries = 0; tries < 11; tries += 1) {
      expectCode(await finish(next, challenge, { passkey: key.get(late) }), 401, 'CHALLENGE_EXPIRED');
    }
    expect((await finish(next, challenge, { passkey: key.get(options) })).status).toBe(200);
  });

  it('a copied one is asked for nowhere', async () => {
    const { browser, key } = await keyHolder(office);
    await signInBy(office.client(), key, { counter: 5 });
    office.clock.advance(MINUTE_MS);
    expectCode(await signInBy(office.client(), key, { counter: 5 }), 401, 'INVALID_CREDENTIALS');
    const ask = await browser.post('/auth/passkeys/authentication/options', { reauthenticate: true });
    expectCode(ask, 404, 'NOT_FOUND');
    expect((await browser.get('/auth/second-factor')).body.passkeys).toBe(0);
  });
});

describe('where a second factor is required', () => {
  let office: PostOffice;
  beforeAll(async () => {
    office = await startKeyOffice({ auth: { secondFactor: 'required' } });
  });
  afterAll(() => office.close());

  it('a passkey can be set up, is asked for from then on, and is enough alone', async () => {
    const { browser, email } = await holder(office);
    expectCode(await browser.call('PATCH', '/auth/me', { body: {} }), 403, 'ENROLMENT_REQUIRED');
    const key = new SoftKey(ORIGIN);
    expect((await add(browser, key)).status).toBe(200);
    expect((await browser.call('PATCH', '/auth/me', { body: {} })).body?.code).not.toBe('ENROLMENT_REQUIRED');
    const next = office.client();
    const first = await next.signIn(email);
    expect(first.body).toMatchObject({ status: 'second_factor', methods: ['passkey'] });
    const options = await requestOptions(next, { challenge: first.body.challenge });
    const done = await finish(next, first.body.challenge, { passkey: key.get(options) });
    expect(done.body.status).toBe('signed_in');
    expect((await signInBy(office.client(), key)).body.status).toBe('signed_in');
  });
});
