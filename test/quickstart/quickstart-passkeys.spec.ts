import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Page, Route } from 'playwright-core';
import { Client } from '../support/client.js';
import { follow, heading, PASSWORD, press, signIn, startPages, tab, type PageKit } from './page-kit.js';

let pages: PageKit;

beforeAll(async () => {
  pages = await startPages({ EMAIL_VERIFICATION: 'off', SECOND_FACTOR: 'required' });
});

afterEach(async () => {
  await pages.leave();
  expect(pages.complaints.splice(0)).toEqual([]);
});

afterAll(() => pages?.close());

interface Device {
  readonly page: Page;
  /** Whether its owner touches it whenever it asks. */
  touch(touched: boolean): Promise<void>;
}

/** The page under its name, in a browser whose device knows its owner. */
async function withDevice(): Promise<Device> {
  const page = await pages.open();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  } as const;
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
  await page.getByRole('link', { name: 'http://localhost:' }).click();
  await page.waitForURL(/^http:\/\/localhost:/);
  await heading(page, 'Sign in').waitFor();
  return {
    page,
    touch: async (enabled) => {
      await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
    },
  };
}

it('passkey: enrolled, named, second factor, sign-in of its own, removed', { timeout: 60_000 }, async () => {
  await new Client(pages.url).register('ada@example.com', PASSWORD);
  const { page, touch } = await withDevice();
  const asked = (): Promise<unknown> => page.waitForResponse(/\/passkeys\/authentication\/options$/);
  const signOut = async () => {
    await touch(false);
    const offered = asked();
    await press(page, 'Sign out');
    await offered;
  };
  const pressForPasskey = async () => {
    // By the time the button asks the server, the browser offers nothing on its own any longer.
    const touched = async (route: Route) => {
      await touch(true);
      await route.continue();
    };
    await page.route('**/passkeys/authentication/options', touched, { times: 1 });
    await press(page, 'Sign in with a passkey');
  };
  await signIn(page, 'ada@example.com');
  await heading(page, 'Set up a second factor').waitFor();
  await page.getByText('This needs a second factor').waitFor();
  await follow(page, 'A passkey');
  await press(page, 'Add a passkey');
  const name = page.getByRole('dialog', { name: 'Name of the passkey' }).getByLabel('Name', { exact: true });
  await name.fill('The <b>laptop</b>');
  await page.keyboard.press('Enter');
  await page.getByText('The passkey has its new name.').waitFor();
  expect(await page.locator('#passkeys h3').allTextContents()).toEqual(['The <b>laptop</b>']);

  await signOut();
  await signIn(page, 'ada@example.com');
  await heading(page, 'One more step').waitFor();
  await touch(true);
  await press(page, 'Use a passkey');
  await heading(page, 'Notes').waitFor();

  // The field for the address offers the passkey, and its owner takes it.
  await tab(page, 'Account').click();
  expect(await page.locator('#sign-in-email').getAttribute('autocomplete')).toBe('username webauthn');
  await press(page, 'Sign out');
  await heading(page, 'Notes').waitFor();

  await signOut();
  await pressForPasskey();
  await heading(page, 'Notes').waitFor();
  await tab(page, 'Account').click();
  await expect.poll(() => page.locator('#account').textContent()).toContain('passkey');
  await expect.poll(() => page.locator('#passkeys').textContent()).toContain('last used');

  await press(page, 'Remove The <b>laptop</b>');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click();
  await page.getByText('You have none yet.').waitFor();
  await signOut();
  await pressForPasskey();
  await page.getByText('This passkey signs in to no account here.').waitFor();
});
