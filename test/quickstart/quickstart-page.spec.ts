import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CHROMIUM_FLAGS, chromiumPath } from '../support/services.js';
import { startQuickstart, temporaryFolder, type Quickstart } from './quickstart-process.js';

const EMAIL = 'ada@example.com';
const PASSWORD = 'seven hinges and one bell';

let quickstart: Quickstart;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let browser: Browser;
const complaints: string[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  [quickstart, browser] = await Promise.all([
    startQuickstart(folder.path),
    chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS] }),
  ]);
});

afterAll(async () => {
  await browser?.close();
  await quickstart?.stop();
  await folder?.remove();
});

async function open(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 760 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // Chromium reports every answer of 400 and above here, also those that the page expects and explains.
    const expected = message.text().startsWith('Failed to load resource: the server responded with a status of 4');
    if (message.type() === 'error' && !expected) complaints.push(message.text());
  });
  await page.goto(quickstart.url);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  return page;
}

async function signIn(page: Page, password = PASSWORD, email = EMAIL): Promise<void> {
  await field(page, 'E-mail address').fill(email);
  await field(page, 'Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** By its label, in the view that is shown. */
const field = (page: Page, label: string) => page.locator('.view:not([hidden])').getByLabel(label, { exact: true });

const tab = (page: Page, name: string) => page.getByRole('navigation').getByRole('link', { name });
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });
const fits = (page: Page) => page.evaluate('document.documentElement.scrollWidth <= window.innerWidth');

it('takes a visitor through the gate and out again', { timeout: 90_000 }, async () => {
  const page = await open();

  await tab(page, 'Register').click();
  await field(page, 'E-mail address').fill(EMAIL);
  const password = field(page, 'Password');
  await password.fill('short');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect.poll(() => page.locator('#register-password-problem').textContent()).toMatch(/15/);
  expect(await password.getAttribute('aria-invalid')).toBe('true');

  await password.fill(PASSWORD);
  await page.getByRole('button', { name: 'Show password' }).click();
  expect(await password.getAttribute('type')).toBe('text');
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('the account is ready').waitFor();
  expect(await field(page, 'E-mail address').inputValue()).toBe(EMAIL);

  await signIn(page, 'not the password at all');
  await page.getByText('Wrong password or address').waitFor();
  await signIn(page);
  await heading(page, 'Notes').waitFor();

  await tab(page, 'Account').click();
  await expect.poll(() => page.locator('#account').textContent()).toContain(EMAIL);

  await tab(page, 'Notes').click();
  const text = '<img src=x onerror=alert(1)> & the east gate';
  await field(page, 'New note').fill(text);
  await page.getByRole('button', { name: 'Add note' }).click();
  await expect.poll(() => page.locator('#notes li p').allTextContents()).toEqual([text]);

  const other = await open();
  await signIn(other);
  await heading(other, 'Notes').waitFor();
  await tab(page, 'Sessions').click();
  await expect.poll(() => page.locator('#sessions li').count()).toBe(2);
  await page.locator('#sessions li', { hasNotText: 'this browser' }).getByRole('button').click();
  await page.getByText('The session was signed out.').waitFor();
  expect(await page.locator('#sessions li').count()).toBe(1);
  await field(other, 'New note').fill('From a session that has ended.');
  await other.getByRole('button', { name: 'Add note' }).click();
  await heading(other, 'Sign in').waitFor();
  await other.getByText('Your session has ended.').waitFor();

  await tab(page, 'Checklist').click();
  await expect.poll(() => page.locator('#findings li').count()).toBeGreaterThan(0);
  await expect.poll(() => page.locator('#checklist-counts').textContent()).toContain('passed');

  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByText('You are signed out.').waitFor();
  await page.goto(`${quickstart.url}/#/notes`);
  await heading(page, 'Sign in').waitFor();
  expect(await page.locator('#notes li').count()).toBe(0);

  const unlabelled = `[...document.querySelectorAll('input, textarea')].filter((field) => field.labels.length === 0).length`;
  expect(await page.evaluate(unlabelled)).toBe(0);
  expect(complaints).toEqual([]);
});

it('fits a phone and follows the colour scheme', { timeout: 90_000 }, async () => {
  const email = 'bea@example.com';
  await fetch(`${quickstart.url}/auth/register`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  const shades: number[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await open({ viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true, colorScheme });
    expect(await fits(page)).toBe(true);
    await signIn(page, PASSWORD, email);
    for (const name of ['Notes', 'Account', 'Sessions', 'Checklist']) {
      await tab(page, name).click();
      await page.waitForLoadState('networkidle');
      expect(await fits(page)).toBe(true);
    }
    const background = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    shades.push(Number(/\d+/.exec(background)?.[0]));
  }
  expect(shades[0]).toBeGreaterThan(200);
  expect(shades[1]).toBeLessThan(60);
  expect(complaints).toEqual([]);
});

it('runs no script that is not a file of its own', async () => {
  const page = await open();
  await page.evaluate(`{
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.body.append(script);
  }`);
  expect(await page.evaluate('window.ran')).toBeUndefined();
  expect(complaints.splice(0)).toEqual([expect.stringContaining('Content Security Policy')]);
});
