import { expect } from 'vitest';
import { PASSWORD, type AppSetup } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { startPostOffice, type PostOffice } from '../passwordless/kit.js';
import { SoftKey, type Says } from './soft-key.js';

export { SoftKey } from './soft-key.js';

/** A bare IP address is no domain for passkeys. */
export const ORIGIN = 'http://localhost:3000';

export interface Holder {
  readonly id: string;
  readonly email: string;
  /** Signed in, by the password. */
  readonly browser: Client;
}

export function startKeyOffice({ auth, ...setup }: AppSetup = {}): Promise<PostOffice> {
  return startPostOffice({ ...setup, auth: { baseUrl: ORIGIN, ...auth } });
}

export async function holder(office: PostOffice): Promise<Holder> {
  const { id, email } = await office.person();
  const browser = office.client();
  expect((await browser.signIn(email)).status).toBe(200);
  return { id, email, browser };
}

export async function creationOptions(browser: Client): Promise<any> {
  const { status, body, text } = await browser.post('/auth/passkeys/registration/options', {});
  if (status !== 200) throw new Error(`The options were answered ${status}: ${text}`);
  return body;
}

export async function add(browser: Client, key: SoftKey, name?: string): Promise<Answer> {
  const passkey = key.create(await creationOptions(browser));
  return browser.post('/auth/passkeys/registration', { passkey, name });
}

/** A new account with a passkey. */
export async function keyHolder(
  office: PostOffice,
  key = new SoftKey(ORIGIN),
): Promise<Holder & { readonly key: SoftKey }> {
  const who = await holder(office);
  const { status, text } = await add(who.browser, key);
  if (status !== 200) throw new Error(`The passkey was answered ${status}: ${text}`);
  return { ...who, key };
}

export async function requestOptions(browser: Client, body: object = {}): Promise<any> {
  const { status, body: options, text } = await browser.post('/auth/passkeys/authentication/options', body);
  if (status !== 200) throw new Error(`The options were answered ${status}: ${text}`);
  return options;
}

export async function signInBy(browser: Client, key: SoftKey, says: Says = {}, more: object = {}): Promise<Answer> {
  const { deliver } = more as { readonly deliver?: string };
  const options = await requestOptions(browser, deliver === undefined ? {} : { deliver });
  return browser.post('/auth/passkeys/authentication', { passkey: key.get(options, says), ...more });
}

export const signIn = (browser: Client, email: string): Promise<Answer> => browser.signIn(email, PASSWORD);

export function expectCode({ status, body }: Answer, expected: number, code: string): void {
  expect([status, body?.code]).toEqual([expected, code]);
}
