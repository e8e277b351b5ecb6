import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { Client } from '../support/client.js';
import { mailbox, mailTo, registered, tokenOf } from './dev-mailbox.js';
import {
  field,
  follow,
  heading,
  mail,
  openLink,
  PASSWORD,
  press,
  signIn,
  startPages,
  tab,
  type PageKit,
} from './page-kit.js';

const OTHER_PASSWORD = 'nine keys on a rusty ring';

let pages: PageKit;

beforeAll(async () => {
  pages = await startPages();
});

afterEach(async () => {
  await pages.leave();
  expect(pages.complaints.splice(0)).toEqual([]);
});

afterAll(() => pages?.close());

const account = (email: string) => registered(pages.url, new Client(pages.url), email, PASSWORD);

async function signedIn(email: string): Promise<Page> {
  await account(email);
  const page = await pages.open();
  await signIn(page, email);
  await heading(page, 'Notes').waitFor();
  return page;
}

/** From the sign-in view to a form that asks for mail. */
async function askForMail(page: Page, link: string, email: string, button: string): Promise<void> {
  await follow(page, link);
  await field(page, 'E-mail address').fill(email);
  await press(page, button);
}

/** Follows a mailed link; nowhere in the address bar or its history is the token left. */
async function openedFrom(page: Page, subject: RegExp, path: string): Promise<string> {
  const token = await openLink(page, subject);
  await page.waitForURL(`${pages.url}/#/${path}`);
  expect(token).not.toBe('');
  return token;
}

it('forgotten password: a link, a new password, and a link that works once', { timeout: 60_000 }, async () => {
  await account('ada@example.com');
  const page = await pages.open();
  await askForMail(page, 'Forgotten password?', 'ada@example.com', 'Send the link');
  const token = await openedFrom(page, /new password/i, 'reset-password');
  await field(page, 'New password').fill('too short');
  await press(page, 'Set the password');
  await expect.poll(() => page.locator('#reset-password-password-problem').textContent()).toMatch(/15/);
  await field(page, 'New password').fill(OTHER_PASSWORD);
  await press(page, 'Set the password');
  await page.getByText('The new password is set.').waitFor();
  await signIn(page, 'ada@example.com', OTHER_PASSWORD);
  await heading(page, 'Notes').waitFor();

  await page.goto(`${pages.url}/reset-password#token=${token}`);
  await field(page, 'New password').fill(PASSWORD);
  await press(page, 'Set the password');
  await page.getByText('This link has been used').waitFor();
  await page.reload();
  await page.locator('.view:not([hidden])').getByText('This page needs the link from the mail').waitFor();
});

it('mailed link: signs in where it was asked for, asks in another browser', { timeout: 60_000 }, async () => {
  await Promise.all([account('bea@example.com'), account('bert@example.com')]);
  const page = await pages.open();
  await askForMail(page, 'Sign in by a mailed link', 'bea@example.com', 'Send the link');
  await openLink(page, /sign-in link/i);
  await heading(page, 'Notes').waitFor();
  expect(page.url()).toBe(`${pages.url}/#/notes`);

  const asking = await pages.open();
  await askForMail(asking, 'Sign in by a mailed link', 'bert@example.com', 'Send the link');
  const token = tokenOf(await mailTo(pages.url, 'bert@example.com', /sign-in link/i));
  const other = await pages.open();
  await other.goto(`${pages.url}/magic-link#token=${token}`);
  await other.getByText('This link signs in bert@example.com.').waitFor();
  expect(other.url()).toBe(`${pages.url}/#/magic-link`);
  await press(other, 'Yes, sign in');
  await heading(other, 'Notes').waitFor();
});

it('mailed code: six digits, in the browser that asked for them', { timeout: 60_000 }, async () => {
  await account('cleo@example.com');
  const page = await pages.open();
  await askForMail(page, 'Sign in by a mailed code', 'cleo@example.com', 'Send the code');
  await heading(page, 'Type the code').waitFor();
  const code =
    (await mail(page, /sign-in code/i)
      .locator('.mail-code')
      .textContent()) ?? '';
  expect(await field(page, 'Code').getAttribute('autocomplete')).toBe('one-time-code');
  await field(page, 'Code').fill(code === '000000' ? '000001' : '000000');
  await press(page, 'Sign in');
  await page.getByText('This code is wrong').waitFor();
  await field(page, 'Code').fill(code);
  await press(page, 'Sign in');
  await heading(page, 'Notes').waitFor();
});

it('locked account: the mailed link lets the password be tried again', { timeout: 60_000 }, async () => {
  await account('dan@example.com');
  const stranger = new Client(pages.url);
  for (let guess = 1; guess <= 5; guess += 1) await stranger.signIn('dan@example.com', `guess ${guess}, and wrong`);
  const page = await pages.open();
  await signIn(page, 'dan@example.com');
  await page.getByText('Too many attempts.').waitFor();
  await page.getByText('Development mailbox').click();
  await openedFrom(page, /wrong passwords/i, 'unlock');
  await press(page, 'Unlock the account');
  await page.getByText('The account is unlocked.').waitFor();
  await signIn(page, 'dan@example.com');
  await heading(page, 'Notes').waitFor();
});

it('address that was registered twice: its owner sets the password', { timeout: 60_000 }, async () => {
  const stranger = new Client(pages.url);
  await stranger.register('eve@example.com', PASSWORD);
  await mailTo(pages.url, 'eve@example.com', /confirm/i);
  const page = await pages.open();
  await tab(page, 'Register').click();
  await field(page, 'E-mail address').fill('eve@example.com');
  await field(page, 'Password').fill(PASSWORD);
  await press(page, 'Create account');
  await mail(page, /confirm/i)
    .getByText('entered more than once')
    .waitFor({ state: 'attached' });
  await openedFrom(page, /confirm/i, 'verify-email');
  await page.getByText('registered more than once').waitFor();
  await field(page, 'New password').fill(OTHER_PASSWORD);
  await press(page, 'Confirm the address');
  await page.getByText('You can sign in now.').waitFor();
  expect((await stranger.signIn('eve@example.com', PASSWORD)).status).toBe(401);
  await signIn(page, 'eve@example.com', OTHER_PASSWORD);
  await heading(page, 'Notes').waitFor();
});

it('account without a password: one is set after signing in by mail', { timeout: 60_000 }, async () => {
  const finn = new Client(pages.url);
  await finn.register('finn@example.com', PASSWORD);
  await finn.register('finn@example.com', PASSWORD);
  // The second mail is the one whose link works.
  const mails = () => mailbox(pages.url, 'finn@example.com');
  await expect.poll(async () => (await mails()).length, { timeout: 15_000 }).toBe(2);
  const newest = await mailTo(pages.url, 'finn@example.com', /confirm/i);
  expect(newest.text).toContain('entered more than once');
  expect(newest.text).toContain('/verify-email#token=');
  expect((await finn.post('/auth/email/verify', { token: tokenOf(newest) })).status).toBe(204);

  const page = await pages.open();
  await askForMail(page, 'Sign in by a mailed link', 'finn@example.com', 'Send the link');
  await openLink(page, /sign-in link/i, 'finn@example.com');
  await heading(page, 'Notes').waitFor();
  await tab(page, 'Account').click();
  await follow(page, 'Set a password');
  await field(page, 'New password').fill(OTHER_PASSWORD);
  await press(page, 'Set the password');
  await page.getByText('The password is set.').waitFor();
  expect((await finn.signIn('finn@example.com', OTHER_PASSWORD)).status).toBe(200);
});

it('confirmation that got lost: another one is sent', { timeout: 60_000 }, async () => {
  await new Client(pages.url).register('gus@example.com', PASSWORD);
  await mailTo(pages.url, 'gus@example.com', /confirm/i);
  const page = await pages.open();
  await askForMail(page, 'Send the confirmation again', 'gus@example.com', 'Send the link');
  await heading(page, 'Look into your mailbox').waitFor();
  await press(page, 'Send it again');
  await page.getByText('It is on its way again.').waitFor();
  await expect
    .poll(() => page.locator('#mails > li', { hasText: 'gus@example.com' }).count(), { timeout: 10_000 })
    .toBe(3);
  await openedFrom(page, /confirm/i, 'verify-email');
  await press(page, 'Confirm the address');
  await page.getByText('You can sign in now.').waitFor();
});

it('account: password, address and end of it, each proven anew', { timeout: 120_000 }, async () => {
  const page = await signedIn('hana@example.com');
  const other = await pages.open();
  await signIn(other, 'hana@example.com');
  await heading(other, 'Notes').waitFor();

  await tab(page, 'Account').click();
  await follow(page, 'Change the password');
  await field(page, 'Current password').fill('not the password at all');
  await field(page, 'New password').fill(OTHER_PASSWORD);
  await press(page, 'Change the password');
  await page.getByText('This is not your password.').waitFor();
  await field(page, 'Current password').fill(PASSWORD);
  await press(page, 'Change the password');
  await page.getByText('The password is changed').waitFor();
  await tab(other, 'Account').click();
  await heading(other, 'Sign in').waitFor();

  await pages.age();
  await page.reload();
  const dialog = page.getByRole('dialog', { name: 'Is it still you?' });
  await tab(page, 'Account').click();
  await follow(page, 'Change the address');
  await field(page, 'New e-mail address').fill('hanna@example.com');
  await press(page, 'Send the link');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('Nothing has changed').waitFor();
  await press(page, 'Send the link');
  await dialog.getByLabel('Password', { exact: true }).fill('not the password at all');
  await page.keyboard.press('Enter');
  await dialog.getByText('This is not your password.').waitFor();
  await dialog.getByLabel('Password', { exact: true }).fill(OTHER_PASSWORD);
  await page.keyboard.press('Enter');
  await heading(page, 'Look into your mailbox').waitFor();
  await mail(page, /A new e-mail address/).waitFor();
  await openedFrom(page, /confirm your new/i, 'change-email');
  await press(page, 'Use this address');
  await page.getByText('The new address is in use.').waitFor();
  await expect.poll(() => page.locator('#account').textContent()).toContain('hanna@example.com');

  await pages.age();
  await page.reload();
  await follow(page, 'Delete the account');
  await page.getByLabel('I want my account deleted').check();
  await press(page, 'Delete my account');
  await dialog.getByRole('button', { name: 'Send me a code instead' }).click();
  const code = (await dialog.locator('#mails .mail-code').first().textContent()) ?? '';
  await dialog.getByLabel('Code', { exact: true }).fill(code);
  await page.keyboard.press('Enter');
  await page.getByText('Your account is deleted.').waitFor();
  expect((await new Client(pages.url).signIn('hanna@example.com', OTHER_PASSWORD)).status).toBe(401);
});
