import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomUUID } from 'node:crypto';
import { Passkey } from '../../lib/features/passkeys/passkey.entity.js';
import { PasskeyUser } from '../../lib/features/passkeys/passkey-user.entity.js';
import { RecoveryCode } from '../../lib/second-factors/recovery-code.entity.js';
import type { PostOffice } from '../passwordless/kit.js';
import { enrol } from '../second-factor/kit.js';
import type { Answer, Client } from '../support/client.js';
import {
  ORIGIN,
  SoftKey,
  add,
  creationOptions,
  expectCode,
  holder,
  keyHolder,
  requestOptions,
  signInBy,
  startKeyOffice,
} from './kit.js';

const MINUTE_MS = 60_000;

describe.each([
  { adapter: 'express', database: 'sqlite', store: 'memory' },
  { adapter: 'fastify', database: 'postgres', store: 'redis' },
] as const)('the passkeys of an account ($adapter, $database, $store)', (stand) => {
  let office: PostOffice;
  beforeAll(async () => {
    office = await startKeyOffice({ ...stand, auth: { passkeys: { cap: 3 } } });
  });
  afterAll(() => office.close());

  const list = async (browser: Client): Promise<any[]> => (await browser.get('/auth/passkeys')).body.items;
  const codes = (answers: readonly Answer[]) =>
    answers.map(({ status, body }) => `${status} ${body?.code ?? ''}`.trim());

  /** An account without a password: its passkeys are all that it has. */
  const passwordless = async () => {
    const who = await keyHolder(office);
    await office.dataSource.query(`UPDATE users SET password_hash = NULL WHERE email = '${who.email}'`);
    return who;
  };

  it('are made by a fresh session, for this account alone', async () => {
    const { browser, email } = await holder(office);
    const options = await creationOptions(browser);
    expect(options).toMatchObject({
      rp: { id: 'localhost' },
      user: { name: email, displayName: email },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: [],
    });
    const { handle } = await office.dataSource.getRepository(PasskeyUser).findOneByOrFail({ handle: options.user.id });
    expect(Buffer.from(handle, 'base64url')).toHaveLength(32);
    const key = new SoftKey(ORIGIN);
    const other = office.client();
    await other.signIn(email);
    const before = browser.cookies.get('auth_session');
    const added = await browser.post('/auth/passkeys/registration', { passkey: key.create(options), name: ' Phone ' });
    expect(added.body).toMatchObject({
      status: 'signed_in',
      user: { email },
      passkey: { id: expect.any(String), name: 'Phone', lastUsedAt: null, createdAt: expect.any(String) },
    });
    expect(browser.cookies.get('auth_session')).not.toBe(before);
    expect((await browser.get('/auth/session')).body.methods).toEqual(['pwd', 'swk', 'mfa']);
    expectCode(await other.get('/auth/me'), 401, 'NOT_AUTHENTICATED');
    expect(await list(browser)).toEqual([added.body.passkey]);
    const again = await creationOptions(browser);
    expect(again.user.id).toBe(handle);
    expect(again.excludeCredentials).toEqual([{ id: key.id, transports: ['internal'], type: 'public-key' }]);
    const events = (await office.audit('passkey.added')).filter(
      ({ details }) => details['passkey'] === added.body.passkey.id,
    );
    expect(events).toHaveLength(1);
    expect((await office.mails(email, 'second-factor-changed')).length).toBe(1);
    office.clock.advance(6 * MINUTE_MS);
    for (const path of ['registration/options', 'registration']) {
      const body = path === 'registration' ? { passkey: key.create(again) } : {};
      expectCode(await browser.post(`/auth/passkeys/${path}`, body), 403, 'REAUTHENTICATION_REQUIRED');
    }
    expectCode(await browser.delete(`/auth/passkeys/${added.body.passkey.id}`), 403, 'REAUTHENTICATION_REQUIRED');
  });

  it('a challenge for one is good once, for the session that asked', async () => {
    const [mine, theirs] = [await holder(office), await holder(office)];
    const options = await creationOptions(mine.browser);
    const send = (browser: Client, key: SoftKey) =>
      browser.post('/auth/passkeys/registration', { passkey: key.create(options) });
    expectCode(await send(theirs.browser, new SoftKey(ORIGIN)), 401, 'CHALLENGE_EXPIRED');
    const another = office.client();
    await another.signIn(mine.email);
    expectCode(await send(another, new SoftKey(ORIGIN)), 401, 'CHALLENGE_EXPIRED');
    expect((await send(mine.browser, new SoftKey(ORIGIN))).status).toBe(200);
    expectCode(await send(mine.browser, new SoftKey(ORIGIN)), 401, 'CHALLENGE_EXPIRED');
  });

  it.each([
    ['a page of another site', { origin: 'https://evil.example' }],
    ['a frame of another site', { crossOrigin: true }],
    ['another domain', { rpId: 'evil.example' }],
    ['a device that verified nobody', { verified: false }],
    ['another ceremony', { type: 'webauthn.get' }],
  ])('one of %s is refused', async (_, says) => {
    const { browser } = await holder(office);
    const passkey = new SoftKey(ORIGIN).create(await creationOptions(browser), says);
    expectCode(await browser.post('/auth/passkeys/registration', { passkey }), 400, 'INVALID_CODE');
    expect(await list(browser)).toEqual([]);
  });

  it('a statement about the authenticator is not read, whatever it says', async () => {
    const { browser } = await holder(office);
    const passkey = new SoftKey(ORIGIN).create(await creationOptions(browser), { attested: true });
    expect((await browser.post('/auth/passkeys/registration', { passkey })).status).toBe(200);
  });

  it('belongs to one account, and may be called by ids of 1,023 bytes', async () => {
    const long = new SoftKey(ORIGIN, { idBytes: 1_023 });
    const { browser } = await keyHolder(office, long);
    expect((await signInBy(office.client(), long)).status).toBe(200);
    expectCode(await add(browser, long), 409, 'ALREADY_EXISTS');
    const other = await holder(office);
    const options = await creationOptions(other.browser);
    const send = (key: SoftKey) => other.browser.post('/auth/passkeys/registration', { passkey: key.create(options) });
    expectCode(await send(long), 409, 'ALREADY_EXISTS');
    expectCode(await send(new SoftKey(ORIGIN)), 401, 'CHALLENGE_EXPIRED');
    const longer = new SoftKey(ORIGIN, { idBytes: 1_024 });
    expect((await add((await holder(office)).browser, longer)).status).toBe(400);
  });

  it('are as many as the option says, also when several are added at once', async () => {
    const { id, browser: first, key } = await keyHolder(office);
    const browsers = [first, ...Array.from({ length: 5 }, () => office.client())];
    for (let round = 1; round < 4; round += 1) {
      // One after the other: two answers of one key that overtake each other look like a copy.
      for (const browser of browsers) expect((await signInBy(browser, key)).status).toBe(200);
      const ready = await Promise.all(
        browsers.map(async (browser) => ({
          browser,
          asked: await browser.post('/auth/passkeys/registration/options', {}),
        })),
      );
      if (round === 3) expect(new Set(codes(ready.map(({ asked }) => asked)))).toEqual(new Set(['409 LIMIT_REACHED']));
      const answers = await Promise.all(
        ready
          .filter(({ asked }) => asked.status === 200)
          .map(({ browser, asked }) =>
            browser.post('/auth/passkeys/registration', { passkey: new SoftKey(ORIGIN).create(asked.body) }),
          ),
      );
      // One changes the account, and with that ends the sessions of all others.
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(round === 3 ? 0 : 1);
    }
    expect(await office.dataSource.getRepository(Passkey).countBy({ userId: id })).toBe(3);
  });

  it('the cap holds against options from before it was reached', async () => {
    const { browser, id } = await keyHolder(office);
    await add(browser, new SoftKey(ORIGIN));
    const options = await creationOptions(browser);
    const rows = office.dataSource.getRepository(Passkey);
    const row = await rows.findOneByOrFail({ userId: id });
    await rows.insert({ ...row, id: randomUUID(), credentialHash: randomUUID() });
    const late = await browser.post('/auth/passkeys/registration', { passkey: new SoftKey(ORIGIN).create(options) });
    expectCode(late, 409, 'LIMIT_REACHED');
    expect(await list(browser)).toHaveLength(3);
  });

  it('have names, that need no fresh session and no characters that nobody can see', async () => {
    const { browser } = await keyHolder(office);
    const [{ id, name }] = await list(browser);
    expect(name).toBe('Unknown device');
    office.clock.advance(6 * MINUTE_MS);
    const rename = (body: object, who = browser, path = id) => who.call('PATCH', `/auth/passkeys/${path}`, { body });
    expect((await rename({ name: 'Key ring 🔑' })).body).toMatchObject({ id, name: 'Key ring 🔑' });
    for (const bad of ['', '   ', 'a\u0000b', 'a\nb', 'x'.repeat(81), 7]) {
      expectCode(await rename({ name: bad }), 400, 'VALIDATION_FAILED');
    }
    expectCode(await rename({}), 400, 'VALIDATION_FAILED');
    const other = await holder(office);
    expectCode(await rename({ name: 'Mine' }, other.browser), 404, 'NOT_FOUND');
    expectCode(await rename({ name: 'Mine' }, browser, 'x'), 404, 'NOT_FOUND');
    expectCode(await other.browser.delete(`/auth/passkeys/${id}`), 404, 'NOT_FOUND');
    expectCode(await other.browser.delete('/auth/passkeys/x'), 404, 'NOT_FOUND');
    expect((await list(browser)).map((item) => item.name)).toEqual(['Key ring 🔑']);
    expect((await office.audit('passkey.renamed')).filter(({ details }) => details['passkey'] === id)).toHaveLength(1);
  });

  it('the last way to sign in stays, also when the last two are removed at once', async () => {
    const { browser, key } = await passwordless();
    const [first] = await list(browser);
    expectCode(await browser.delete(`/auth/passkeys/${first.id}`), 409, 'LAST_SIGN_IN_METHOD');
    expect((await add(browser, new SoftKey(ORIGIN))).status).toBe(200);
    const second = (await list(browser)).find(({ id }) => id !== first.id);
    const other = office.client();
    expect((await signInBy(other, key)).status).toBe(200);
    const answers = await Promise.all([
      browser.delete(`/auth/passkeys/${first.id}`),
      other.delete(`/auth/passkeys/${second.id}`),
    ]);
    const won = answers.filter(({ status }) => status === 200);
    expect([won.length, answers.length], codes(answers).join()).toEqual([1, 2]);
    const winner = won[0] === answers[0] ? browser : other;
    expect(won[0]!.body.status).toBe('signed_in');
    expect(await list(winner)).toHaveLength(1);
  });

  it('one that is refused for its counter counts as no way to sign in, and can always go', async () => {
    const { browser, key } = await passwordless();
    const spare = new SoftKey(ORIGIN);
    await add(browser, spare, 'Spare');
    const items = await list(browser);
    const other = items.find(({ name }) => name === 'Spare');
    const mine = items.find(({ id }) => id !== other.id);
    await signInBy(office.client(), spare, { counter: 9 });
    office.clock.advance(MINUTE_MS);
    await signInBy(office.client(), spare, { counter: 3 });
    expectCode(await browser.delete(`/auth/passkeys/${mine.id}`), 409, 'LAST_SIGN_IN_METHOD');
    expect((await browser.delete(`/auth/passkeys/${other.id}`)).status).toBe(200);
    expect((await signInBy(office.client(), key)).status).toBe(200);
  });

  it('the last one takes the recovery codes along, unless there is an authenticator', async () => {
    const { browser, key, id } = await keyHolder(office);
    const left = () => office.dataSource.getRepository(RecoveryCode).countBy({ userId: id });
    const remove = async (passkey: string) =>
      expect((await browser.delete(`/auth/passkeys/${passkey}`)).status).toBe(200);
    await signInBy(browser, key);
    await add(browser, new SoftKey(ORIGIN), 'Spare');
    expect((await browser.post('/auth/recovery-codes', {})).status).toBe(200);
    const items = await list(browser);
    await remove(items[0].id);
    expect(await left()).toBe(10);
    await enrol(office.clock, browser);
    await remove(items[1].id);
    expect([await left(), (await list(browser)).length]).toEqual([10, 0]);
    expect((await add(browser, new SoftKey(ORIGIN))).status).toBe(200);
    expect((await browser.post('/auth/totp/disable', {})).status).toBe(200);
    expect((await browser.post('/auth/recovery-codes', {})).status).toBe(200);
    await remove((await list(browser))[0].id);
    expect(await left()).toBe(0);
  });

  it('thirty answers to one challenge at once sign in once', async () => {
    const { key } = await keyHolder(office, new SoftKey(ORIGIN, { counter: 0 }));
    const browser = office.client();
    const passkey = key.get(await requestOptions(browser));
    const headers = { cookie: browser.cookieHeader() };
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => office.client().post('/auth/passkeys/authentication', { passkey }, { headers })),
    );
    expect(codes(answers).sort()).toEqual(['200', ...Array<string>(29).fill('401 CHALLENGE_EXPIRED')]);
  });
});

describe('whatever somebody sends', () => {
  let office: PostOffice;
  beforeAll(async () => {
    office = await startKeyOffice();
  });
  afterAll(() => office.close());

  const NASTY: readonly unknown[] = [
    undefined,
    null,
    7,
    true,
    '',
    'x',
    '*',
    'AAAA',
    'é\u0000',
    'A'.repeat(70_000),
    'bnVsbA',
    Buffer.from('{"challenge":"x"}').toString('base64url'),
    Buffer.from('{"type":"webauthn.get","challenge":{},"origin":[]}').toString('base64url'),
    Buffer.from('bf'.repeat(2_000), 'hex').toString('base64url'),
    Buffer.from('9b7fffffffffffffff', 'hex').toString('base64url'),
    [],
    {},
    { __proto__: null, constructor: 'x' },
  ];
  const FIELDS = ['id', 'rawId', 'type', 'response', 'response.clientDataJSON', 'clientExtensionResults'];

  const withField = (answer: any, field: string, value: unknown): unknown => {
    const copy = structuredClone(answer);
    const [outer = '', inner] = field.split('.');
    if (inner === undefined) copy[outer] = value;
    else copy[outer][inner] = value;
    return copy;
  };

  it('is a 4xx, and never a 5xx', async () => {
    const { browser, key } = await keyHolder(office);
    const creation = new SoftKey(ORIGIN).create(await creationOptions(browser));
    const wrong: string[] = [];
    const check = async (where: string, { status, text }: Answer): Promise<void> => {
      if (status >= 500 || /stack|node_modules/.test(text)) wrong.push(`${where}: ${status}`);
    };
    for (const value of NASTY) {
      for (const field of [...FIELDS, 'response.attestationObject', 'response.transports']) {
        const passkey = withField(creation, field, value);
        await check(`create ${field}`, await browser.post('/auth/passkeys/registration', { passkey }));
      }
      for (const field of [...FIELDS, 'response.authenticatorData', 'response.signature', 'response.userHandle']) {
        const options = await requestOptions(browser);
        const passkey = withField(key.get(options), field, value);
        await check(`get ${field}`, await browser.post('/auth/passkeys/authentication', { passkey }));
      }
      for (const path of ['registration', 'authentication', 'authentication/options', 'registration/options']) {
        await check(path, await browser.post(`/auth/passkeys/${path}`, { passkey: value, challenge: value }));
      }
      const challenge = 'A'.repeat(43);
      await check('second-factor', await browser.post('/auth/second-factor', { challenge, passkey: value }));
    }
    expect(wrong).toEqual([]);
  });
});
