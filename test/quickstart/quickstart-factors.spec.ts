import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { Client } from '../support/client.js';
import { AuthenticatorApp } from './authenticator-app.js';
import { field, follow, heading, PASSWORD, press, signIn, startPages, tab, type PageKit } from './page-kit.js';

let pages: PageKit;

beforeAll(async () => {
  pages = await startPages({ EMAIL_VERIFICATION: 'off' });
});

afterEach(async () => {
  await pages.leave();
  expect(pages.complaints.splice(0)).toEqual([]);
});

afterAll(() => pages?.close());

const state = (page: Page): Locator => page.locator('#factors-state');

async function signedIn(email: string): Promise<Page> {
  await new Client(pages.url).register(email, PASSWORD);
  const page = await pages.open({ acceptDownloads: true });
  await signIn(page, email);
  await heading(page, 'Notes').waitFor();
  return page;
}

async function signOut(page: Page): Promise<void> {
  await press(page, 'Sign out');
  await page.getByText('You are signed out.').waitFor();
}

/** From the account to the recovery codes, by the text under the QR code. */
async function enrolled(page: Page): Promise<{ app: AuthenticatorApp; codes: readonly string[] }> {
  await tab(page, 'Account').click();
  await follow(page, 'Set up an authenticator app');
  await heading(page, 'Set up a second factor').waitFor();
  await press(page, 'Show the QR code');
  await page.locator('#enrol-qr').waitFor();
  const drawn = `document.querySelector('#enrol-qr').decode().then(() => document.querySelector('#enrol-qr').naturalWidth)`;
  expect(await page.evaluate(drawn)).toBeGreaterThan(100);
  const app = new AuthenticatorApp((await page.locator('#enrol-secret').textContent()) ?? '');
  await field(page, 'Code that the app shows now').fill(await app.code());
  await page.keyboard.press('Enter');
  await heading(page, 'Recovery codes').waitFor();
  return { app, codes: await page.locator('#recovery-codes li').allTextContents() };
}

it('authenticator app: set up, sign in by code and by recovery code, turn off', { timeout: 60_000 }, async () => {
  const page = await signedIn('ada@example.com');
  const { app, codes } = await enrolled(page);
  expect(codes).toHaveLength(10);
  const saved = page.waitForEvent('download');
  await press(page, 'Download');
  expect(await readFile((await (await saved).path()) ?? '', 'utf8')).toBe(`${codes.join('\n')}\n`);
  await press(page, 'I have saved them');
  await expect.poll(() => state(page).textContent()).toContain('10 recovery codes are left');
  await page.goBack();
  await heading(page, 'Your account').waitFor();
  for (const shownOnce of ['#recovery-codes', '#enrol-secret']) {
    expect(await page.locator(shownOnce).textContent()).toBe('');
  }
  await signOut(page);

  await signIn(page, 'ada@example.com');
  await heading(page, 'One more step').waitFor();
  await page.reload();
  await heading(page, 'Sign in').waitFor();
  await signIn(page, 'ada@example.com');
  await heading(page, 'One more step').waitFor();
  const code = field(page, 'Code of your authenticator app');
  expect(await code.getAttribute('autocomplete')).toBe('one-time-code');
  expect(await page.evaluate('document.activeElement.id')).toBe('factor-code');
  await code.fill('000000');
  await page.keyboard.press('Enter');
  await page.getByText('This code is wrong').waitFor();
  await code.fill(await app.code());
  await page.keyboard.press('Enter');
  await heading(page, 'Notes').waitFor();
  await signOut(page);

  await signIn(page, 'ada@example.com');
  await press(page, 'Use a recovery code');
  await field(page, 'Recovery code').fill(codes[3]!);
  await page.keyboard.press('Enter');
  await heading(page, 'Notes').waitFor();
  await tab(page, 'Account').click();
  await expect.poll(() => state(page).textContent()).toContain('9 recovery codes are left');

  await press(page, 'Turn it off');
  await page.getByRole('dialog').getByRole('button', { name: 'Turn it off' }).click();
  await page.getByText('The second factor is off').waitFor();
  await signOut(page);
  await signIn(page, 'ada@example.com');
  await heading(page, 'Notes').waitFor();
});

it('an old session is proven by a code, where there is one', { timeout: 60_000 }, async () => {
  const page = await signedIn('cleo@example.com');
  const { app, codes } = await enrolled(page);
  await press(page, 'I have saved them');
  await state(page).waitFor();
  await page.waitForLoadState('networkidle');
  await pages.age();
  await page.reload();
  await press(page, 'New recovery codes');
  await page.getByRole('dialog').getByRole('button', { name: 'Make new codes' }).click();
  const dialog = page.getByRole('dialog', { name: 'Is it still you?' });
  await dialog.getByLabel('Code of your authenticator app').fill(await app.code());
  expect(await dialog.getByLabel('Password', { exact: true }).isVisible()).toBe(false);
  await page.keyboard.press('Enter');
  await heading(page, 'Recovery codes').waitFor();
  const renewed = await page.locator('#recovery-codes li').allTextContents();
  expect(renewed).toHaveLength(10);
  expect(renewed.some((one) => codes.includes(one))).toBe(false);
});

/** What a provider's answer leads back to. */
const opened = async (page: Page, path: string): Promise<void> => {
  await page.goto('about:blank');
  await page.goto(pages.url + path);
};

it('back from another provider: what it says, and the factor that is due', { timeout: 60_000 }, async () => {
  const page = await signedIn('bea@example.com');
  const { app } = await enrolled(page);
  await press(page, 'I have saved them');
  await signOut(page);
  await opened(page, '/?error=OAUTH_CANCELLED');
  await page.getByText('You came back without signing in there.').waitFor();
  expect(page.url()).toBe(`${pages.url}/#/sign-in`);
  await opened(page, '/?error=%3Cb%3E__proto__');
  await page.getByText('Signing in there did not work.').waitFor();

  const challenge = await page.evaluate<string>(`fetch('/auth/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'bea@example.com', password: '${PASSWORD}' }),
  }).then((answer) => answer.json()).then((answer) => answer.challenge)`);
  await opened(page, `/#challenge=${encodeURIComponent(challenge)}`);
  await heading(page, 'One more step').waitFor();
  expect(page.url()).toBe(`${pages.url}/#/factor`);
  await field(page, 'Code of your authenticator app').fill(await app.code());
  await page.keyboard.press('Enter');
  await heading(page, 'Notes').waitFor();
});

it('names every field and heading, and fits a phone', { timeout: 60_000 }, async () => {
  const page = await signedIn('dan@example.com');
  await page.setViewportSize({ width: 320, height: 640 });
  await enrolled(page);
  const fits = 'document.documentElement.scrollWidth <= window.innerWidth';
  expect(await page.evaluate(fits)).toBe(true);
  await press(page, 'I have saved them');
  await state(page).waitFor();
  expect(await page.evaluate(fits)).toBe(true);
  const nameless = `[...document.querySelectorAll('input, textarea, img, section[aria-labelledby], dialog')].filter((one) => {
    const title = document.getElementById(one.getAttribute('aria-labelledby') ?? '');
    return !(one.labels?.length > 0 || one.hasAttribute('alt') || title !== null);
  }).length`;
  expect(await page.evaluate(nameless)).toBe(0);
  await page.getByRole('link', { name: 'http://localhost:' }).waitFor();
});
