import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM_FLAGS, chromiumPath } from '../support/services.js';
import { freePort } from '../ws/kit.js';
import { startSample, type SampleProcess } from '../ws/sample-process.js';

const PASSWORD = 'seven hinges and a bell';

let sample: SampleProcess;
let url: string;
let browser: Browser;
const contexts: BrowserContext[] = [];
const complaints: string[] = [];

beforeAll(async () => {
  const environment = { PORT: String(await freePort()), PROVIDER_PORT: String(await freePort()) };
  [sample, browser] = await Promise.all([
    startSample('03-federation', /Sign in with it on (http:\/\/\S+)/, environment),
    chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS] }),
  ]);
  url = sample.caught[0]!;
});

afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  expect(complaints.splice(0)).toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  await sample?.stop();
});

/** The page in a browser of its own. */
async function open(): Promise<Page> {
  const context = await browser.newContext();
  contexts.push(context);
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // Chromium reports every refused request here, which the page expects and explains.
    const expected = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !expected) complaints.push(message.text());
  });
  await page.goto(url);
  return page;
}

/** A machine with much to do takes its time to hash a password. */
const eventually = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 20_000 });

const press = (page: Page, name: string | RegExp): Promise<void> => page.getByRole('button', { name }).click();
const identities = (page: Page) => page.getByRole('list', { name: 'Linked accounts' }).getByRole('listitem');
const problem = (page: Page) => page.getByRole('alert');

/** Chooses somebody on the page of the provider, and is back. */
async function choose(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('heading', { name: 'Demo provider' }).waitFor();
  expect(new URL(page.url()).hostname).toBe('localhost');
  await press(page, name);
  await page.getByRole('heading', { name: 'Signing in with others' }).waitFor();
}

async function signInWithProvider(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('link', { name: 'Sign in with the demo provider' }).click();
  await choose(page, name);
}

async function register(page: Page, email: string): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await press(page, 'Create an account');
  await page.getByText(`Signed in as ${email}`).waitFor();
}

describe('the page of the federation sample', { timeout: 60_000 }, () => {
  it('signs somebody in, keeps the last way in, and lets it go beside another', async () => {
    const page = await open();
    await signInWithProvider(page, /^Ada/);
    await page.getByText('Signed in as ada@example.com').waitFor();
    await eventually(() => identities(page).allTextContents()).toEqual([expect.stringContaining('demo')]);
    await press(page, 'Unlink');
    await eventually(() => problem(page).isVisible()).toBe(true);
    await page.getByLabel('New password').fill(PASSWORD);
    await press(page, 'Set the password');
    await eventually(() => page.getByLabel('New password').inputValue()).toBe('');
    await press(page, 'Unlink');
    await page.getByText('No account of another provider is linked.').waitFor();
    await press(page, 'Sign out');
    // The address is that of a verified account, which is linked by its owner alone.
    await signInWithProvider(page, /^Ada/);
    await eventually(() => problem(page).textContent()).toMatch(/Sign in with your password first/);
  });

  it('links an account, and signs in with it from then on', async () => {
    const page = await open();
    await register(page, 'dora@example.com');
    await press(page, 'Link an account of the demo provider');
    await choose(page, /^Cleo/);
    await eventually(() => identities(page).count()).toBe(1);
    await press(page, 'Sign out');
    await signInWithProvider(page, /^Cleo/);
    await page.getByText('Signed in as dora@example.com').waitFor();

    const elsewhere = await open();
    await register(elsewhere, 'emma@example.com');
    await press(elsewhere, 'Link an account of the demo provider');
    await choose(elsewhere, /^Cleo/);
    await eventually(() => problem(elsewhere).textContent()).toMatch(/belongs to somebody else/);
    expect(await identities(elsewhere).count()).toBe(0);

    await press(page, 'Unlink');
    await page.getByText('No account of another provider is linked.').waitFor();
    await press(page, 'Sign out');
    await signInWithProvider(page, /^Cleo/);
    await eventually(() => problem(page).isVisible()).toBe(true);
    expect(await page.getByText('Signed in as').isVisible()).toBe(false);
  });

  it('says what has happened when somebody cancels, once', async () => {
    const page = await open();
    await signInWithProvider(page, /^Cancel/);
    await eventually(() => problem(page).textContent()).toMatch(/Nobody signed in/);
    expect(page.url()).toBe(`${url}/`);
    await page.reload();
    await page.getByRole('link', { name: 'Sign in with the demo provider' }).waitFor();
    expect(await problem(page).isVisible()).toBe(false);
  });
});
