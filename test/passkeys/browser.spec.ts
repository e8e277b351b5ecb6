import { Controller, Get, Header } from '@nestjs/common';
import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Public } from '../../lib/index.js';
import { Passkey } from '../../lib/features/passkeys/passkey.entity.js';
import type { PostOffice } from '../passwordless/kit.js';
import { PASSWORD } from '../support/app.js';
import { CHROMIUM_FLAGS, chromiumPath } from '../support/services.js';
import { authenticator } from '../totp/kit.js';
import { ORIGIN, startKeyOffice } from './kit.js';

const MINUTE_MS = 60_000;

/** As docs/passkeys.md shows it. */
const SCRIPT = `
  let csrf;
  window.call = async (method, path, body) => {
    const headers = {
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(csrf ? { 'x-csrf-token': csrf } : {}),
    };
    const answer = await fetch('/auth/' + path, { method, headers, body: JSON.stringify(body) });
    const json = await answer.json();
    csrf = json.csrfToken ?? csrf;
    return { status: answer.status, ...json };
  };
  window.create = async () => {
    const options = await call('POST', 'passkeys/registration/options', {});
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    return (await navigator.credentials.create({ publicKey })).toJSON();
  };
  window.read = async (ask) => {
    const options = await call('POST', 'passkeys/authentication/options', ask);
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    return (await navigator.credentials.get({ publicKey })).toJSON();
  };
  window.add = async (name) => call('POST', 'passkeys/registration', { passkey: await create(), name });
  window.enter = async () => call('POST', 'passkeys/authentication', { passkey: await read({}) });
`;

const DEVICE = {
  protocol: 'ctap2',
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
} as const;

@Controller()
class PageController {
  @Get('page')
  @Public()
  @Header('content-type', 'text/html')
  page(): string {
    return `<!doctype html><title>Passkeys</title><script>${SCRIPT}</script>`;
  }
}

interface Visitor {
  readonly page: Page;
  readonly cdp: CDPSession;
  readonly authenticatorId: string;
  /** Runs in the page, with what its script offers. */
  run(expression: string): Promise<any>;
}

/** Both adapters, both ends of the databases and wrong answers: the other files here. */
describe('a browser with an authenticator', () => {
  let office: PostOffice;
  let chrome: Browser;
  let url: string;

  beforeAll(async () => {
    const controllers = [PageController];
    [office, chrome] = await Promise.all([
      startKeyOffice({ adapter: 'fastify', controllers }),
      chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS] }),
    ]);
    url = office.url.replace('127.0.0.1', new URL(ORIGIN).hostname);
  });
  afterAll(async () => {
    await chrome?.close();
    await office?.close();
  });

  async function visit(): Promise<Visitor> {
    const context = await chrome.newContext();
    const page = await context.newPage();
    await page.goto(`${url}/page`);
    const cdp = await context.newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: DEVICE });
    return { page, cdp, authenticatorId, run: (expression) => page.evaluate(expression) };
  }

  /** A new account, signed in, with a passkey in the authenticator. */
  async function settled(): Promise<Visitor & { readonly id: string; readonly email: string }> {
    const { id, email } = await office.person();
    const visitor = await visit();
    const body = JSON.stringify({ email, password: PASSWORD });
    expect(await visitor.run(`call('POST', 'login', ${body})`)).toMatchObject({ status: 'signed_in' });
    const added = await visitor.run(`add('Laptop')`);
    expect(added).toMatchObject({ status: 'signed_in', passkey: { name: 'Laptop', lastUsedAt: null, synced: false } });
    return { ...visitor, id, email };
  }

  it('makes a passkey and signs in with it, without a name, until it is removed', async () => {
    const { page, run, id, email } = await settled();
    await expect(run('create()')).rejects.toThrow(/InvalidStateError/);
    await page.context().clearCookies();
    await page.reload();
    expect(await run('enter()')).toMatchObject({ status: 'signed_in', user: { id, email } });
    expect((await run(`call('GET', 'session')`)).methods).toEqual(['hwk', 'mfa']);
    const { items } = await run(`call('GET', 'passkeys')`);
    expect(items).toMatchObject([{ name: 'Laptop', lastUsedAt: expect.any(String) }]);
    expect(await run(`call('DELETE', 'passkeys/${items[0].id}')`)).toMatchObject({ status: 'signed_in' });
    await page.context().clearCookies();
    await page.reload();
    expect(await run('enter()')).toMatchObject({ statusCode: 401, code: 'INVALID_CREDENTIALS' });
  });

  it('finishes a sign-in with it, and proves the identity once more', async () => {
    const { page, run, email } = await settled();
    const { secret } = await run(`call('POST', 'totp/enroll', {})`);
    const code = JSON.stringify({ code: authenticator(secret, office.clock.now()) });
    expect(await run(`call('POST', 'totp/confirm', ${code})`)).toMatchObject({ status: 'signed_in' });
    await page.context().clearCookies();
    await page.reload();
    const body = JSON.stringify({ email, password: PASSWORD });
    const done = await run(`(async () => {
      const { challenge, methods } = await call('POST', 'login', ${body});
      const passkey = await read({ challenge });
      return { methods, ...(await call('POST', 'second-factor', { challenge, passkey })) };
    })()`);
    expect(done).toMatchObject({ methods: expect.arrayContaining(['passkey']), status: 'signed_in' });
    office.clock.advance(6 * 60_000);
    expect(await run(`call('POST', 'passkeys/registration/options', {})`)).toMatchObject({
      code: 'REAUTHENTICATION_REQUIRED',
    });
    const again = `(async () => call('POST', 'reauthenticate', { passkey: await read({ reauthenticate: true }) }))()`;
    expect(await run(again)).toMatchObject({ status: 'signed_in' });
    expect((await run(`call('GET', 'session')`)).methods).toEqual(['pwd', 'hwk', 'mfa']);
  });

  it('is refused in another browser, and when its counter went back', async () => {
    const { page, run, id } = await settled();
    const passkey = JSON.stringify(await run('read({})'));
    const other = await visit();
    await other.run(`call('POST', 'passkeys/authentication/options', {})`);
    const send = `call('POST', 'passkeys/authentication', { passkey: ${passkey} })`;
    expect(await other.run(send)).toMatchObject({ code: 'CHALLENGE_EXPIRED' });
    expect(await run(send)).toMatchObject({ status: 'signed_in' });
    const rows = office.dataSource.getRepository(Passkey);
    expect((await rows.findOneByOrFail({ userId: id })).counter).toBeGreaterThan(0);
    await rows.update({ userId: id }, { counter: 1_000 });
    office.clock.advance(MINUTE_MS);
    await page.context().clearCookies();
    await page.reload();
    expect(await run('enter()')).toMatchObject({ code: 'INVALID_CREDENTIALS' });
    expect((await rows.findOneByOrFail({ userId: id })).clonedAt).toBeGreaterThan(0);
  });

  it('is refused alone when its device verifies nobody', async () => {
    const { cdp, authenticatorId, run, page } = await settled();
    await cdp.send('WebAuthn.setResponseOverrideBits', { authenticatorId, isBadUV: true });
    await page.context().clearCookies();
    await page.reload();
    expect(await run('enter()')).toMatchObject({ code: 'INVALID_CREDENTIALS' });
    await cdp.send('WebAuthn.setResponseOverrideBits', { authenticatorId, isBadUV: false });
    expect(await run('enter()')).toMatchObject({ status: 'signed_in' });
  });
});
