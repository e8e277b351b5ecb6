import { Controller, Get } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Auth } from '../../lib/index.js';
import { keyHolder, ORIGIN, signInBy, SoftKey, startKeyOffice } from '../passkeys/kit.js';
import { expectCode, type PostOffice } from '../passwordless/kit.js';
import type { Answer, Client } from '../support/client.js';
import { authenticator } from '../totp/kit.js';

@Controller('vault')
@Auth({ methods: ['mfa'] })
class VaultController {
  @Get()
  open(): object {
    return {};
  }
}

const REFUSED = ['passkey', 'emailCode'];

describe('a session of the password alone, of an account that has a passkey', () => {
  let office: PostOffice;
  beforeAll(async () => {
    office = await startKeyOffice({ controllers: [VaultController] });
  });
  afterAll(() => office.close());

  /** Whoever has the password, and not the passkey. */
  async function thief() {
    const owner = await keyHolder(office);
    const browser = office.client();
    expect((await browser.signIn(owner.email)).body.status).toBe('signed_in');
    return { owner, browser };
  }

  function expectRefused(answer: Answer): void {
    expectCode(answer, 403, 'SECOND_FACTOR_REQUIRED');
    expect(answer.body.details).toEqual({ methods: REFUSED });
  }

  async function expectShut(browser: Client): Promise<void> {
    expectCode(await browser.get('/vault'), 403, 'SECOND_FACTOR_REQUIRED');
    expect((await browser.get('/auth/session')).body.methods).not.toContain('mfa');
  }

  it('adds no factor of its own to pass for two', async () => {
    const { browser } = await thief();
    expectRefused(await browser.post('/auth/totp/enroll', {}));
    expectRefused(await browser.post('/auth/passkeys/registration/options', {}));
    expectRefused(await browser.post('/auth/recovery-codes', {}));
    await expectShut(browser);
  });

  it('confirms none that was begun while there was no passkey', async () => {
    const { id, email } = await office.person();
    const [browser, other] = [office.client(), office.client()];
    await browser.signIn(email);
    const { secret } = (await browser.post('/auth/totp/enroll', {})).body;
    await other.signIn(email);
    const options = (await other.post('/auth/passkeys/registration/options', {})).body;
    const passkey = new SoftKey(ORIGIN).create(options);
    expect((await other.post('/auth/passkeys/registration', { passkey })).status).toBe(200);
    await browser.signIn(email);
    const answer = await browser.post('/auth/totp/confirm', { code: authenticator(secret, office.clock.now()) });
    expect([401, 403]).toContain(answer.status);
    await expectShut(browser);
    expect(id).not.toBe('');
  });

  it('removes none', async () => {
    const { owner, browser } = await thief();
    const [{ id }] = (await browser.get('/auth/passkeys')).body.items;
    expectRefused(await browser.delete(`/auth/passkeys/${id}`));
    expect((await signInBy(office.client(), owner.key)).status).toBe(200);
  });

  it('makes nothing of a copy that was noticed', async () => {
    const { owner, browser } = await thief();
    expect((await signInBy(office.client(), owner.key, { counter: 9 })).status).toBe(200);
    office.clock.advance(2 * 60_000);
    expectCode(await signInBy(office.client(), owner.key, { counter: 3 }), 401, 'INVALID_CREDENTIALS');
    const refused = await browser.post('/auth/totp/enroll', {});
    expectCode(refused, 403, 'SECOND_FACTOR_REQUIRED');
    expect(refused.body.details).toEqual({ methods: ['emailCode'] });
  });

  it('proves nothing by a recovery code where no factor is asked for', async () => {
    const { owner, browser } = await thief();
    const { recoveryCodes } = (await owner.browser.post('/auth/recovery-codes', {})).body;
    await browser.signIn(owner.email);
    expectCode(await browser.post('/auth/reauthenticate', { recoveryCode: recoveryCodes[0] }), 400, 'INVALID_CODE');
    await expectShut(browser);
    expect((await browser.get('/auth/second-factor')).body.recoveryCodesLeft).toBe(10);
  });

  it('may, with the mailbox besides: the owner has lost the device', async () => {
    const { owner, browser } = await thief();
    const { challenge } = (await browser.post('/auth/reauthenticate/email-code', {})).body;
    const { code: emailCode } = await office.mail(owner.email, 'confirm-code');
    expect((await browser.post('/auth/reauthenticate', { challenge, emailCode })).status).toBe(200);
    const [{ id }] = (await browser.get('/auth/passkeys')).body.items;
    expect((await browser.delete(`/auth/passkeys/${id}`)).status).toBe(200);
    expect((await browser.post('/auth/totp/enroll', {})).status).toBe(200);
  });

  it('keeps nobody from a link by mail, however many it begins', async () => {
    const { email } = await office.person();
    const browser = office.client();
    await browser.signIn(email);
    const { secret } = (await browser.post('/auth/totp/enroll', {})).body;
    const code = authenticator(secret, office.clock.now());
    expect((await browser.post('/auth/totp/confirm', { code })).status).toBe(200);
    for (let index = 0; index < 20; index += 1) await office.client().signIn(email);
    expectCode(await office.client().signIn(email), 429, 'TOO_MANY_ATTEMPTS');
    const reader = office.client();
    await reader.post('/auth/magic-link/request', { email });
    const { token } = await office.mail(email, 'magic-link');
    expect((await reader.post('/auth/magic-link', { token })).body.status).toBe('second_factor');
  });
});
