import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM_FLAGS, chromiumPath } from '../support/services.js';
import { post } from '../ws/sample-process.js';
import { ACCOUNT, generationOf, startTokensSample, type StoredTokens, type TokensSample } from './tokens-sample.js';

const STORE = `import('/assets/tab-store.js')`;
const REFRESH = '**/auth/token/refresh';

let sample: TokensSample;
let browser: Browser;
const contexts: BrowserContext[] = [];
const complaints: string[] = [];

beforeAll(async () => {
  [sample, browser] = await Promise.all([
    startTokensSample(),
    chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS] }),
  ]);
});

afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  expect(complaints.splice(0)).toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  await sample?.stop();
});

interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** The tokens of all refreshes that any tab has sent. */
  readonly sent: string[];
}

/** A browser of its own that has signed in, in one tab. `script` runs in every tab before the page does. */
async function visitor(script = ''): Promise<Visitor> {
  const context = await browser.newContext();
  contexts.push(context);
  context.setDefaultTimeout(20_000);
  if (script !== '') await context.addInitScript(script);
  const sent: string[] = [];
  context.on('request', (request) => {
    if (request.url().endsWith('/auth/token/refresh')) sent.push(request.postDataJSON().refresh_token);
  });
  const page = await tab(context);
  await page.getByLabel('E-mail address').fill(ACCOUNT.email);
  await page.getByLabel('Password').fill(ACCOUNT.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  return { context, page, sent };
}

async function tab(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // Chromium reports refused and lost requests here, which the page expects and explains.
    const expected = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !expected) complaints.push(message.text());
  });
  await page.goto(sample.url);
  return page;
}

const stored = (page: Page) => page.evaluate<StoredTokens>(`${STORE}.then(({ tabStore }) => tabStore.read())`);

const store = (page: Page, tokens: StoredTokens) =>
  page.evaluate(`${STORE}.then(({ tabStore }) => tabStore.write(${JSON.stringify(tokens)}))`);

/** As a minute later: by the client's own clock. */
const expire = async (page: Page) => store(page, { ...(await stored(page)), refreshAt: 0 });

/** As a minute later, for a client whose clock is wrong: the server refuses the access token. */
const spoil = async (page: Page) => store(page, { ...(await stored(page)), accessToken: 'expired' });

/** Chromium refuses a reload in the moment in which the page of the one before takes over: then it is asked again. */
async function reload(page: Page, waitUntil: 'load' | 'commit', tries = 5): Promise<void> {
  try {
    await page.reload({ waitUntil });
  } catch (error) {
    if (tries === 0 || !String(error).includes('Not attached to an active page')) throw error;
    await reload(page, waitUntil, tries - 1);
  }
}

/** Until the notes are there. */
async function load(page: Page): Promise<void> {
  const loaded = page.waitForResponse((response) => response.url().endsWith('/notes') && response.ok());
  await pressLoad(page);
  await loaded;
}

const pressLoad = (page: Page) => page.getByRole('button', { name: 'Load' }).click();
const gate = (page: Page) => page.getByRole('button', { name: 'Sign in' }).waitFor();

/** Slow enough that every tab has noticed before the first answer comes. */
const slowRefreshes = (context: BrowserContext) =>
  context.route(REFRESH, async (route) => {
    await sleep(700);
    await route.continue();
  });

describe('the page of the token sample', { timeout: 60_000 }, () => {
  it('makes an account, keeps notes, and asks for no more than it needs', async () => {
    const context = await browser.newContext();
    contexts.push(context);
    const page = await tab(context);
    await page.getByLabel('E-mail address').fill('bea@example.com');
    await page.getByLabel('Password').fill('short');
    await page.getByRole('button', { name: 'Create an account' }).click();
    await expect.poll(() => page.getByRole('alert').textContent()).toMatch(/15/);
    await page.getByLabel('Password').fill(ACCOUNT.password);
    await page.getByLabel('Only to read').check();
    await page.getByRole('button', { name: 'Create an account' }).click();
    await page.getByLabel('New note').fill('<img src=x onerror=alert(1)>');
    await page.getByRole('button', { name: 'Add' }).click();
    await expect.poll(() => page.getByRole('alert').isVisible()).toBe(true);
    expect(await page.locator('#notes li').count()).toBe(0);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('E-mail address').fill('bea@example.com');
    await page.getByLabel('Password').fill(ACCOUNT.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('New note').fill('<img src=x onerror=alert(1)>');
    await page.getByRole('button', { name: 'Add' }).click();
    await expect.poll(() => page.locator('#notes li').allTextContents()).toEqual(['<img src=x onerror=alert(1)>']);
    const { accessToken = '', deviceToken } = await stored(page);
    const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()) as object;
    expect(claims).toMatchObject({ scope: 'notes:read notes:write' });
    expect(deviceToken).toEqual(expect.any(String));
    expect(await context.cookies()).toEqual([]);
  });

  it.each([
    ['about to expire', expire],
    ['refused by the server', spoil],
  ])('refreshes once for two tabs whose access token is %s', async (_why, age) => {
    const { context, page, sent } = await visitor();
    const other = await tab(context);
    await slowRefreshes(context);
    await age(page);
    await Promise.all([load(page), load(other)]);
    expect(sent).toHaveLength(1);
    expect(generationOf(await stored(other))).toBe(1);
    expect(await other.locator('#told').textContent()).not.toContain('Signed out');
  });

  it('would refresh twice without the lock', async () => {
    const { context, page, sent } = await visitor('navigator.locks.request = async (_name, work) => work()');
    const other = await tab(context);
    await slowRefreshes(context);
    await expire(page);
    await Promise.all([load(page), load(other)]);
    expect(sent).toHaveLength(2);
  });

  it('sends the same token again when an answer is lost', async () => {
    const { page, sent } = await visitor();
    const { refreshToken } = await stored(page);
    const answered: number[] = [];
    const lose = async (route: Parameters<Parameters<Page['route']>[1]>[0]): Promise<void> => {
      answered.push((await route.fetch()).status());
      await route.abort();
    };
    await page.route(REFRESH, lose, { times: 1 });
    await expire(page);
    await load(page);
    expect(answered).toEqual([200]);
    expect(sent).toEqual([refreshToken, refreshToken]);
    expect(generationOf(await stored(page))).toBe(1);
    await expire(page);
    await load(page);
    expect(generationOf(await stored(page))).toBe(2);
  });

  it('outlives three tabs that are reloaded over and over', async () => {
    const { context, page, sent } = await visitor();
    const text = `storm ${Date.now()}`;
    await page.getByLabel('New note').fill(text);
    await page.getByRole('button', { name: 'Add' }).click();
    const tabs = [page, await tab(context), await tab(context)];
    const ROUNDS = 4;
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all(tabs.map((each) => each.getByText(text).waitFor()));
      await expire(page);
      for (let turn = 0; turn < 3; turn += 1) {
        await Promise.all(tabs.map((each) => reload(each, turn === 2 ? 'load' : 'commit')));
      }
    }
    await Promise.all(tabs.map((each) => each.getByText(text).waitFor()));
    expect(generationOf(await stored(page))).toBe(ROUNDS);
    expect(sent.length).toBeGreaterThanOrEqual(ROUNDS);
  });

  it('shows a sign-out in every tab, and revokes', async () => {
    const { context, page } = await visitor();
    const other = await tab(context);
    await other.getByRole('button', { name: 'Sign out' }).waitFor();
    const { accessToken, refreshToken, deviceToken } = await stored(page);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await Promise.all([gate(page), gate(other)]);
    expect(await other.locator('#notes li').count()).toBe(0);
    expect(await stored(other)).toEqual({ deviceToken });
    const headers = { authorization: `Bearer ${accessToken}` };
    expect((await fetch(`${sample.url}/notes`, { headers })).status).toBe(401);
    await expect(post(sample.url, '/auth/token/refresh', { refresh_token: refreshToken })).rejects.toThrow(
      'INVALID_REFRESH_TOKEN',
    );
  });

  it('notices at the next request in a tab that was not told', async () => {
    const { context, page } = await visitor('BroadcastChannel.prototype.postMessage = () => undefined');
    const other = await tab(context);
    await other.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await gate(page);
    expect(await other.getByRole('button', { name: 'Sign in' }).isVisible()).toBe(false);
    await pressLoad(other);
    await gate(other);
  });

  it('shows the form when the session has ended elsewhere', async () => {
    const { page, sent } = await visitor();
    await post(sample.url, '/auth/token/revoke', { token: (await stored(page)).refreshToken });
    await pressLoad(page);
    await gate(page);
    expect(await page.getByRole('alert').textContent()).toContain('has ended');
    expect(sent).toHaveLength(1);
  });

  it('ends in the form with a token that was spent long ago', async () => {
    const { page } = await visitor();
    const spent = await stored(page);
    for (let turn = 0; turn < 2; turn += 1) {
      await expire(page);
      await load(page);
    }
    const newest = await stored(page);
    await store(page, { ...spent, refreshAt: 0 });
    await pressLoad(page);
    await gate(page);
    expect(await page.getByRole('alert').textContent()).toContain('used twice');
    expect(Object.keys(await stored(page))).toEqual(['deviceToken']);
    await expect(post(sample.url, '/auth/token/refresh', { refresh_token: newest.refreshToken })).rejects.toThrow(
      'INVALID_REFRESH_TOKEN',
    );
  });
});
