import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import { DataSource } from 'typeorm';
import { CHROMIUM_FLAGS, chromiumPath } from '../support/services.js';
import { LOAD_TEST, startQuickstart, temporaryFolder, type Quickstart } from './quickstart-process.js';

export const PASSWORD = 'seven hinges and one bell';

export interface PageKit {
  readonly url: string;
  /** What the browser complained of: errors in the console, refusals by the content security policy. */
  readonly complaints: string[];
  /** The page in a browser of its own. */
  open(options?: BrowserContextOptions): Promise<Page>;
  /** Closes all that were opened: an open mailbox goes on looking. */
  leave(): Promise<void>;
  /** Makes every session so old that it has to be proven anew; the server starts again, with empty memory. */
  age(): Promise<void>;
  close(): Promise<void>;
}

/** The quickstart on SQLite, and a browser. */
export async function startPages(variables: Readonly<Record<string, string>> = {}): Promise<PageKit> {
  const environment = { ...LOAD_TEST, ...variables };
  const folder = await temporaryFolder();
  const complaints: string[] = [];
  const [first, browser] = await Promise.all([
    startQuickstart(folder.path, environment),
    chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS] }),
  ]);
  let quickstart: Quickstart = first;
  return {
    complaints,
    get url() {
      return quickstart.url;
    },
    open: (options) => openPage(browser, quickstart.url, complaints, options),
    leave: async () => {
      await Promise.all(browser.contexts().map((context) => context.close()));
    },
    age: async () => {
      const { port } = new URL(quickstart.url);
      await quickstart.stop();
      const file = join(folder.path, 'quickstart.sqlite');
      const database = await new DataSource({ type: 'better-sqlite3', database: file }).initialize();
      await database.query('UPDATE auth_sessions SET fresh_until = 0');
      await database.destroy();
      quickstart = await startQuickstart(folder.path, { ...environment, PORT: port });
      // A page that looks for mail does so meanwhile as well.
      const others = complaints.filter((complaint) => !complaint.endsWith('net::ERR_CONNECTION_REFUSED'));
      complaints.splice(0, complaints.length, ...others);
    },
    close: async () => {
      await browser.close();
      await quickstart.stop();
      await folder.remove();
    },
  };
}

async function openPage(
  browser: Browser,
  url: string,
  complaints: string[],
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 760 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // Chromium reports every answer of 400 and above here, also those that the page expects and explains.
    const expected = message.text().startsWith('Failed to load resource: the server responded with a status of 4');
    if (message.type() === 'error' && !expected) complaints.push(message.text());
  });
  await page.goto(url);
  await heading(page, 'Sign in').waitFor();
  return page;
}

/** By its label, in the view that is shown. */
export const field = (page: Page, label: string): Locator =>
  page.locator('.view:not([hidden])').getByLabel(label, { exact: true });

export const tab = (page: Page, name: string): Locator => page.getByRole('navigation').getByRole('link', { name });

export const heading = (page: Page, name: string): Locator => page.getByRole('heading', { level: 1, name });

export const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click();

export const follow = (page: Page, name: string): Promise<void> =>
  page.locator('.view:not([hidden])').getByRole('link', { name, exact: true }).click();

/** Through the form, wherever the page is. */
export async function signIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  await field(page, 'E-mail address').fill(email);
  await field(page, 'Password').fill(password);
  await press(page, 'Sign in');
}

/** The newest mail of the page's own mailbox whose subject is this; it holds the mail of everybody. */
export function mail(page: Page, subject: RegExp, to = ''): Locator {
  const subjects = page.getByRole('heading', { level: 3, name: subject });
  return page.locator('#mails > li', { has: subjects, hasText: to }).first();
}

/** Presses the link of a mail in the page's mailbox, and answers what it carried. */
export async function openLink(page: Page, subject: RegExp, to = ''): Promise<string> {
  const link = mail(page, subject, to).getByRole('link', { name: 'Open the link' });
  const href = (await link.getAttribute('href')) ?? '';
  await link.click();
  return new URLSearchParams(href.slice(href.indexOf('#') + 1)).get('token') ?? '';
}
