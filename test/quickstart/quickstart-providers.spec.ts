import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { startProvider, type RealProvider } from '../oauth/provider.js';
import { Client } from '../support/client.js';
import { follow, heading, PASSWORD, press, signIn, startPages, tab, type PageKit } from './page-kit.js';

let provider: RealProvider;
let pages: PageKit;

beforeAll(async () => {
  const port = await freePort();
  provider = await startProvider({ redirectUris: [`http://127.0.0.1:${port}/auth/oauth/oidc/callback`] });
  pages = await startPages({
    PORT: String(port),
    EMAIL_VERIFICATION: 'off',
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: provider.clientId,
    OIDC_CLIENT_SECRET: provider.clientSecret,
  });
});

afterEach(async () => {
  await pages.leave();
  expect(pages.complaints.splice(0)).toEqual([]);
});

afterAll(async () => {
  await pages?.close();
  await provider?.close();
});

/** A redirect URI is known before the application is up. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** A browser in front of which somebody sits whom the provider knows; nobody: who presses "cancel" there. */
async function browserOf(sub: string): Promise<Page> {
  const page = await pages.open({ extraHTTPHeaders: { 'x-test-person': sub } });
  if (sub !== '') provider.put({ sub, email: `${sub}@example.com`, emailVerified: true });
  return page;
}

const linked = (page: Page) => page.locator('#identities > li');

it('a stranger signs in with the provider, and keeps that way in', { timeout: 60_000 }, async () => {
  const page = await browserOf('zoe');
  await follow(page, 'Sign in with OpenID Connect');
  await heading(page, 'Notes').waitFor();
  expect(page.url()).toBe(`${pages.url}/#/notes`);
  await tab(page, 'Account').click();
  await linked(page).getByText('zoe@example.com').waitFor();
  await press(page, 'Unlink OpenID Connect');
  await page.getByRole('dialog').getByRole('button', { name: 'Unlink it' }).click();
  await page.getByText('This is the last way to sign in').waitFor();
  expect(await linked(page).count()).toBe(1);
});

it('an owner links the provider, and unlinks it', { timeout: 60_000 }, async () => {
  await new Client(pages.url).register('ada@example.com', PASSWORD);
  const page = await browserOf('ada-elsewhere');
  await signIn(page, 'ada@example.com');
  await heading(page, 'Notes').waitFor();
  await tab(page, 'Account').click();
  await press(page, 'Link OpenID Connect');
  await linked(page).getByText('ada-elsewhere@example.com').waitFor();
  expect(page.url()).toBe(`${pages.url}/#/account`);
  await press(page, 'Unlink OpenID Connect');
  await page.getByRole('dialog').getByRole('button', { name: 'Unlink it' }).click();
  await page.getByText('None is linked.').waitFor();
});

it('says what went wrong there', { timeout: 60_000 }, async () => {
  const page = await browserOf('');
  await follow(page, 'Sign in with OpenID Connect');
  await page.getByText('You came back without signing in there.').waitFor();
  expect(page.url()).toBe(`${pages.url}/#/sign-in`);
});
