import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TotpCredential } from '../../lib/features/totp/totp-credential.entity.js';
import { TotpCredentials } from '../../lib/features/totp/totp-credentials.service.js';
import { RecoveryCodes } from '../../lib/second-factors/recovery-codes.service.js';
import { STACKS } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { copyOf, finish, goStale, startVault, tally, type Vault } from './kit.js';

const AT_ONCE = 30;
const atOnce = <T>(work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: AT_ONCE }, (_, index) => work(index)));
const winners = (answers: readonly Answer[]): number => answers.filter(({ status }) => status === 200).length;

describe.each(STACKS)('thirty at once on $database, $store', (stack) => {
  let vault: Vault;
  beforeAll(async () => {
    vault = await startVault(stack);
  });
  afterAll(() => vault.close());

  /** Several, so that the tries of one are in the way of few. */
  async function waiting(email: string): Promise<Awaited<ReturnType<Vault['halfway']>>[]> {
    const begun: Awaited<ReturnType<Vault['halfway']>>[] = [];
    while (begun.length < 10) begun.push(await vault.halfway(email, { deliver: 'tokens' }));
    return begun;
  }

  it('with one code: one signs in', async () => {
    const { email, code, browser } = await vault.guarded();
    const begun = await waiting(email);
    const proof = { code: code() };
    const answers = await atOnce((index) => {
      const { browser: client, challenge } = begun[index % begun.length]!;
      return finish(client, challenge, proof);
    });
    expect(tally(answers)['ok'], JSON.stringify(tally(answers))).toBe(1);
    expect((await browser.get('/auth/sessions')).body.items).toHaveLength(2);
  });

  it('with one code at /reauthenticate: one session goes on', async () => {
    const { browser, code } = await vault.guarded();
    goStale(vault);
    const proof = { code: code() };
    const copies = Array.from({ length: AT_ONCE }, () => copyOf(vault, browser));
    const answers = await atOnce((index) => copies[index]!.post('/auth/reauthenticate', proof));
    expect(winners(answers), JSON.stringify(tally(answers))).toBe(1);
  });

  it('with one code on both routes: one', async () => {
    const { email, browser, code } = await vault.guarded();
    goStale(vault);
    const begun = await waiting(email);
    const proof = { code: code() };
    const answers = await atOnce((index) => {
      if (index % 2 === 0) return copyOf(vault, browser).post('/auth/reauthenticate', proof);
      const { browser: client, challenge } = begun[index % begun.length]!;
      return finish(client, challenge, proof);
    });
    expect(winners(answers), JSON.stringify(tally(answers))).toBe(1);
  });

  // The budgets let few through at once: what decides is the statement.
  it('the statement accepts a step once, and none before it', async () => {
    const { id: userId } = await vault.guarded();
    const credentials = vault.get(TotpCredentials);
    const { id, lastStep } = await vault.dataSource.manager.findOneByOrFail(TotpCredential, { userId });
    const once = await atOnce(() => credentials.use(id, lastStep + 2));
    expect(once.filter(Boolean)).toHaveLength(1);
    expect(await credentials.use(id, lastStep + 1)).toBe(false);
  });

  it('with one recovery code: one signs in', async () => {
    const { email, recoveryCodes, browser } = await vault.guarded();
    const begun = await waiting(email);
    const proof = { recoveryCode: recoveryCodes[4] };
    const answers = await atOnce((index) => {
      const { browser: client, challenge } = begun[index % begun.length]!;
      return finish(client, challenge, proof);
    });
    expect(winners(answers), JSON.stringify(tally(answers))).toBe(1);
    expect((await browser.get('/auth/second-factor')).body.recoveryCodesLeft).toBe(9);
    expect((await vault.audit('recovery_code.used')).filter(({ subjectId }) => subjectId !== null)).toHaveLength(1);
  });

  it('the statement uses a recovery code once, of its own account alone', async () => {
    const { id: userId, recoveryCodes } = await vault.guarded();
    const other = await vault.guarded();
    const client = { address: '203.0.113.9', userAgent: 'test' };
    const [typed = ''] = recoveryCodes;
    const codes = vault.get(RecoveryCodes);
    expect(await codes.use({ userId: other.id, typed, client, locale: 'en' })).toBe(false);
    const once = await atOnce(() => codes.use({ userId, typed, client, locale: 'en' }));
    expect(once.filter(Boolean)).toHaveLength(1);
  });

  it('confirming: one set of recovery codes, and it is good', async () => {
    const { email } = await vault.person();
    const browser = vault.client();
    await browser.signIn(email);
    const { secret } = (await browser.post('/auth/totp/enroll', {})).body;
    const code = vault.codeOf(secret);
    const answers = await atOnce(() => copyOf(vault, browser).post('/auth/totp/confirm', { code }));
    expect(winners(answers), JSON.stringify(tally(answers))).toBe(1);
    const { recoveryCodes } = answers.find(({ status }) => status === 200)!.body;
    const { browser: anew, challenge } = await vault.halfway(email);
    expect((await finish(anew, challenge, { recoveryCode: recoveryCodes[9] })).status).toBe(200);
  });

  it('removing the factor ends a sign-in that waits for it', async () => {
    const { email, browser, code } = await vault.guarded();
    const { browser: late, challenge } = await vault.halfway(email);
    expect((await browser.post('/auth/totp/disable', {})).status).toBe(200);
    const answer = await finish(late, challenge, { code: code() });
    expect(answer.status).not.toBe(200);
    expect(late.cookies.has('auth_session')).toBe(false);
  });
});
