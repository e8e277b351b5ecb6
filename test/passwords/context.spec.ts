import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { PASSWORD } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { startMailApp, type MailApp } from '../email/kit.js';
import { PLACES } from './kit.js';

const NAME = 'Katharina Wesselmann';
const HANDLE = 'wesselmann.katharina.of.ulm';
/** Either of them, spelled otherwise. */
const WORDS = ['katharinawesselmann', 'Katharina-Wesselmann-7', 'Wesselmann Katharina of Ulm!'];
const fields = v.partial(v.object({ displayName: v.string() }));
const auth = {
  registration: { fields },
  profile: { fields: v.partial(v.object({ displayName: v.string() })) },
  identifiers: ['email', 'handle'],
  rateLimits: { multiplier: 1_000 },
} as const;

describe.each(PLACES)('the names of an account as its password, on $adapter and $database', (place) => {
  let mail: MailApp;
  let people = 0;
  beforeAll(async () => {
    mail = await startMailApp(place, auth);
  });
  afterAll(() => mail.close());

  async function newPerson(password: string | null = PASSWORD): Promise<{ id: string; email: string; client: Client }> {
    people += 1;
    const email = `named${people}@example.com`;
    const given = password === null ? {} : { password };
    const made = { email, emailVerified: true, ...given, fields: { displayName: NAME, handle: `${people}.${HANDLE}` } };
    const { id } = (await mail.app.get(Accounts).create(made))!;
    await mail.app.dataSource.query(`UPDATE users SET handle = '${HANDLE}' WHERE handle = '${people}.${HANDLE}'`);
    return { id, email, client: mail.app.client() };
  }

  async function leave(id: string): Promise<void> {
    await mail.app.get(Accounts).delete(id);
  }

  function expectRefused({ status, body }: Answer, word: string): void {
    expect([word, status, body.code]).toEqual([word, 400, 'PASSWORD_REJECTED']);
    expect(body.details.map(({ rule }: { rule: string }) => rule)).toEqual(['context']);
  }

  it('are refused at a change, as at the registration', async () => {
    const body = { email: 'first@example.com', password: WORDS[0], displayName: NAME };
    expectRefused(await mail.app.client().post('/auth/register', body), 'registration');
    const { id, email, client } = await newPerson();
    await client.signIn(email);
    for (const password of WORDS) {
      expectRefused(await client.post('/auth/password/change', { currentPassword: PASSWORD, password }), password);
    }
    // What is not the name passes, even where it holds it.
    const password = `${NAME} has a bicycle`;
    expect((await client.post('/auth/password/change', { currentPassword: PASSWORD, password })).status).toBe(200);
    await leave(id);
  });

  it('are refused at a reset, which leaves the link usable', async () => {
    const { id, email, client } = await newPerson();
    await client.post('/auth/password/forgot', { email });
    await mail.deliver();
    const { token } = await mail.mailbox.next(email, 'reset-password');
    for (const password of WORDS)
      expectRefused(await client.post('/auth/password/reset', { token, password }), password);
    expect((await client.post('/auth/password/reset', { token, password: `${PASSWORD} anew` })).status).toBe(204);
    await leave(id);
  });

  it('are refused where there was none', async () => {
    const { id, email, client } = await newPerson();
    await client.signIn(email);
    await mail.app.dataSource.query(`UPDATE users SET password_hash = NULL WHERE id = '${id}'`);
    for (const password of WORDS) expectRefused(await client.post('/auth/password/set', { password }), password);
    expect((await client.post('/auth/password/set', { password: PASSWORD })).status).toBe(200);
    await leave(id);
  });

  it('are refused with the proof of a contested address', async () => {
    const email = 'contested@example.com';
    const client = mail.app.client();
    for (const displayName of [NAME, 'Mallory']) {
      await client.post('/auth/register', { email, password: PASSWORD, displayName });
      await mail.deliver();
    }
    const token = mail.mailbox.all(email).at(-1)!.token;
    expectRefused(await client.post('/auth/email/verify', { token, password: WORDS[0] }), 'proof');
    expect((await client.post('/auth/email/verify', { token, password: `${PASSWORD} anew` })).status).toBe(204);
  });

  it('are refused to code, at the creation and afterwards', async () => {
    const accounts = mail.app.get(Accounts);
    const { id } = await newPerson(null);
    for (const password of WORDS) {
      await expect(accounts.setPassword(id, password)).rejects.toMatchObject({ code: 'PASSWORD_REJECTED' });
    }
    await accounts.setPassword(id, PASSWORD);
    await leave(id);
    const made = { email: 'made@example.com', fields: { displayName: NAME } };
    await expect(accounts.create({ ...made, password: WORDS[0]! })).rejects.toMatchObject({
      code: 'PASSWORD_REJECTED',
    });
    expect(await accounts.create({ ...made, password: PASSWORD })).toBeDefined();
  });
});
