import { afterAll, beforeAll, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { registered } from './dev-mailbox.js';
import { field, heading, openLink, PASSWORD, press, signIn, startPages, tab, type PageKit } from './page-kit.js';

const EMAIL = 'ada@example.com';

let pages: PageKit;

beforeAll(async () => {
  pages = await startPages();
});

afterAll(() => pages?.close());

const fits = (page: Awaited<ReturnType<PageKit['open']>>) =>
  page.evaluate('document.documentElement.scrollWidth <= window.innerWidth');

it('takes a visitor through the gate and out again', { timeout: 90_000 }, async () => {
  const page = await pages.open();

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
  await heading(page, 'Look into your mailbox').waitFor();

  const token = await openLink(page, /confirm/i);
  await heading(page, 'Confirm your address').waitFor();
  expect(token).toMatch(/^[\w-]+\.[\w-]+$/);
  expect(await page.evaluate('location.href')).toBe(`${pages.url}/#/verify-email`);
  await press(page, 'Confirm the address');
  await page.getByText('You can sign in now.').waitFor();

  await signIn(page, EMAIL, 'not the password at all');
  await page.getByText('Wrong password or address').waitFor();
  await signIn(page, EMAIL);
  await heading(page, 'Notes').waitFor();

  await tab(page, 'Account').click();
  await expect.poll(() => page.locator('#account').textContent()).toContain(EMAIL);

  await tab(page, 'Notes').click();
  const text = '<img src=x onerror=alert(1)> & the east gate';
  await field(page, 'New note').fill(text);
  await page.getByRole('button', { name: 'Add note' }).click();
  await expect.poll(() => page.locator('#notes li p').allTextContents()).toEqual([text]);

  const other = await pages.open();
  await signIn(other, EMAIL);
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
  expect(await page.locator('#checklist-when time').getAttribute('datetime')).toMatch(/^20\d\d-.*Z$/);
  const areas = page.locator('#findings').getByRole('region');
  expect(await areas.count()).toBeGreaterThan(5);
  await page.getByRole('region', { name: 'Database' }).waitFor();
  // Everything that colour says, words say too.
  const cards = page.locator('#findings li');
  const all = await cards.count();
  for (const text of await cards.allTextContents()) {
    expect(text).toMatch(/passed|must be changed|warning|note|could not be checked|accepted/);
    expect(text).toMatch(/Severity.+Source.+Check\w+\.[\w-]+$/);
  }
  expect(await page.locator('#checklist-shown').textContent()).toBe(`${all} of ${all} checks shown.`);
  await page.getByLabel('Only what did not pass').check();
  expect(await cards.filter({ has: page.locator('.badge.passed') }).count()).toBe(0);
  expect(await cards.count()).toBeGreaterThan(0);
  expect(await cards.count()).toBeLessThan(all);
  expect(await cards.locator('.change').count()).toBeGreaterThan(0);

  // In production this route is not there, and Gatehouse's own one is for administrators.
  await page.route('**/dev/checklist', (route) => route.fulfill({ status: 404, json: {} }));
  await tab(page, 'Notes').click();
  await tab(page, 'Checklist').click();
  await page.getByText('In production only administrators see the checklist. Your account is not one.').waitFor();
  expect(await cards.count()).toBe(0);
  expect(await page.locator('#checklist-report').isVisible()).toBe(false);

  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByText('You are signed out.').waitFor();
  await page.goto(`${pages.url}/#/notes`);
  await heading(page, 'Sign in').waitFor();
  expect(await page.locator('#notes li').count()).toBe(0);

  const unlabelled = `[...document.querySelectorAll('input, textarea')].filter((field) => field.labels.length === 0).length`;
  expect(await page.evaluate(unlabelled)).toBe(0);
  expect(pages.complaints).toEqual([]);
});

it('takes a visitor through the gate on Fastify too', { timeout: 90_000 }, async () => {
  const fastify = await startPages({ HTTP_ADAPTER: 'fastify' });
  try {
    const page = await fastify.open();
    await tab(page, 'Register').click();
    await field(page, 'E-mail address').fill(EMAIL);
    await field(page, 'Password').fill(PASSWORD);
    await press(page, 'Create account');
    await openLink(page, /confirm/i);
    await press(page, 'Confirm the address');
    await page.getByText('You can sign in now.').waitFor();
    expect(await page.evaluate('location.href')).not.toContain('token');
    await signIn(page, EMAIL);
    await heading(page, 'Notes').waitFor();
    await press(page, 'Sign out');
    await page.getByText('You are signed out.').waitFor();
    expect(fastify.complaints).toEqual([]);
  } finally {
    await fastify.close();
  }
});

it('fits a phone and follows the colour scheme', { timeout: 90_000 }, async () => {
  const email = 'bea@example.com';
  await registered(pages.url, new Client(pages.url), email, PASSWORD);
  const shades: number[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await pages.open({
      viewport: { width: 320, height: 640 },
      isMobile: true,
      hasTouch: true,
      colorScheme,
    });
    expect(await fits(page)).toBe(true);
    await signIn(page, email);
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
  expect(pages.complaints).toEqual([]);
});

it('runs no script that is not a file of its own', async () => {
  const page = await pages.open();
  await page.evaluate(`{
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.body.append(script);
  }`);
  expect(await page.evaluate('window.ran')).toBeUndefined();
  expect(pages.complaints.splice(0)).toEqual([expect.stringContaining('Content Security Policy')]);
});
