import { URI, type TOTP } from 'otpauth';
import { IsNull } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../lib/database/database.js';
import { TotpCredentials } from '../../lib/features/totp/totp-credentials.service.js';
import { CleanUpJob } from '../../lib/jobs/clean-up.job.js';
import { Jobs } from '../../lib/jobs/jobs.service.js';
import { TotpCredential } from '../../lib/features/totp/totp-credential.entity.js';
import { FactorAttempts } from '../../lib/second-factors/factor-attempts.service.js';
import { RecoveryCode } from '../../lib/second-factors/recovery-code.entity.js';
import { PASSWORD } from '../support/app.js';
import type { Client } from '../support/client.js';
import { copyOf, expectCode, finish, goStale, MINUTE_MS, notThe, startVault, STEP_MS, type Vault } from './kit.js';

const STANDS = [
  { adapter: 'express', database: 'sqlite', store: 'memory' },
  { adapter: 'fastify', database: 'sqlite', store: 'memory' },
  { adapter: 'fastify', database: 'postgres', store: 'redis' },
  { adapter: 'express', database: 'mariadb', store: 'redis' },
] as const;

describe.each(STANDS)('an authenticator on $adapter, $database, $store', (stand) => {
  let vault: Vault;
  beforeAll(async () => {
    vault = await startVault({ ...stand, auth: { appName: 'Notes' } });
  });
  afterAll(() => vault.close());

  it('is set up, asked for, used, replaced by recovery codes and removed', async () => {
    const { email, id } = await vault.person();
    const browser = vault.client();
    await browser.signIn(email);
    expect((await browser.get('/auth/second-factor')).body).toMatchObject({ totp: false, recoveryCodesLeft: 0 });
    expectCode(await browser.post('/auth/recovery-codes', {}), 403, 'ENROLMENT_REQUIRED');
    expectCode(await browser.post('/auth/totp/disable', {}), 404, 'NOT_FOUND');

    const enrolled = await browser.post('/auth/totp/enroll', {});
    expect(enrolled.status).toBe(200);
    const { secret, uri, qr, ...rest } = enrolled.body;
    expect(rest).toEqual({});
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(uri).toBe(
      `otpauth://totp/Notes:${encodeURIComponent(email)}?issuer=Notes&secret=${secret}&algorithm=SHA1&digits=6&period=30`,
    );
    expect(Buffer.from(qr.replace('data:image/png;base64,', ''), 'base64').subarray(1, 4).toString()).toBe('PNG');
    // Nothing asks for it before it is confirmed.
    expect((await vault.client().signIn(email)).body.status).toBe('signed_in');
    expect((await browser.get('/auth/second-factor')).body.totp).toBe(false);

    const elsewhere = vault.client();
    await elsewhere.signIn(email);
    const before = copyOf(vault, browser);
    expectCode(await browser.post('/auth/totp/confirm', { code: notThe(vault.codeOf(secret)) }), 400, 'INVALID_CODE');
    const code = vault.codeOf(secret);
    const confirmed = await browser.post('/auth/totp/confirm', { code: `${code.slice(0, 3)} ${code.slice(3)}` });
    expect(confirmed.status).toBe(200);
    expect(Object.keys(confirmed.body)).toEqual(['status', 'user', 'csrfToken', 'recoveryCodes']);
    const { recoveryCodes } = confirmed.body;
    expect(new Set(recoveryCodes).size).toBe(10);
    for (const each of recoveryCodes) expect(each).toMatch(/^(?:[A-Z2-7]{6}-){3}[A-Z2-7]{6}$/);
    expect((await browser.get('/auth/session')).body.methods).toEqual(['pwd', 'otp', 'mfa']);
    expect((await browser.get('/auth/second-factor')).body).toMatchObject({ totp: true, recoveryCodesLeft: 10 });
    // Every other session has ended, the one before under its old id too.
    for (const other of [elsewhere, before]) expect((await other.get('/auth/me')).status).toBe(401);
    expectCode(await browser.post('/auth/totp/confirm', { code }), 409, 'ALREADY_ENABLED');
    expectCode(await browser.post('/auth/totp/enroll', {}), 409, 'ALREADY_ENABLED');
    expect(await told(vault, email)).toContain('Authenticator added: your account at Notes');
    expect(await vault.audit('second_factor.enabled')).toMatchObject([{ actorId: id, subjectId: id }]);

    // The code that confirmed it signs nobody in.
    const first = await vault.halfway(email);
    expectCode(await finish(first.browser, first.challenge, { code }), 400, 'INVALID_CODE');
    vault.nextStep();
    const signedIn = await finish(first.browser, first.challenge, { code: vault.codeOf(secret) });
    expect(Object.keys(signedIn.body)).toEqual(['status', 'user', 'csrfToken']);
    expect((await first.browser.get('/auth/session')).body.methods).toEqual(['pwd', 'otp', 'mfa']);

    const second = await vault.halfway(email, { deliver: 'tokens' });
    const typed = ` ${recoveryCodes[0].toLowerCase().replaceAll('-', ' ')} `;
    const withCode = await finish(second.browser, second.challenge, { recoveryCode: typed });
    expect(withCode.body).toMatchObject({ status: 'signed_in', token_type: 'Bearer' });
    const headers = { authorization: `Bearer ${withCode.body.access_token}` };
    expect((await vault.client().get('/auth/second-factor', { headers })).body.recoveryCodesLeft).toBe(9);
    const again = await vault.halfway(email);
    expectCode(await finish(again.browser, again.challenge, { recoveryCode: recoveryCodes[0] }), 400, 'INVALID_CODE');
    expect(await told(vault, email)).toContain('Recovery code used: your account at Notes');
    expect(await vault.audit('recovery_code.used')).toMatchObject([{ subjectId: id, details: { left: 9 } }]);

    const replaced = await browser.post('/auth/recovery-codes', {});
    expect(Object.keys(replaced.body)).toEqual(['status', 'user', 'csrfToken', 'recoveryCodes']);
    expect(await told(vault, email)).toContain('New recovery codes: your account at Notes');
    expect((await first.browser.get('/auth/me')).status).toBe(401);
    const third = await vault.halfway(email);
    expectCode(await finish(third.browser, third.challenge, { recoveryCode: recoveryCodes[1] }), 400, 'INVALID_CODE');
    const fresh = replaced.body.recoveryCodes[1];
    expect((await finish(third.browser, third.challenge, { recoveryCode: fresh })).status).toBe(200);

    const disabled = await browser.post('/auth/totp/disable', {});
    expect(Object.keys(disabled.body)).toEqual(['status', 'user', 'csrfToken']);
    expect((await third.browser.get('/auth/me')).status).toBe(401);
    expect((await browser.get('/auth/second-factor')).body).toMatchObject({ totp: false, recoveryCodesLeft: 0 });
    expect(await told(vault, email)).toContain('Authenticator removed: your account at Notes');
    expect((await vault.client().signIn(email)).body.status).toBe('signed_in');
    expect(await vault.dataSource.manager.countBy(TotpCredential, { userId: id })).toBe(0);
    expect(await vault.dataSource.manager.countBy(RecoveryCode, { userId: id })).toBe(0);
  });
});

describe('an enrolment', () => {
  let vault: Vault;
  beforeAll(async () => {
    vault = await startVault();
  });
  afterAll(() => vault.close());

  async function begin(): Promise<{ browser: Client; secret: string; email: string }> {
    const { email } = await vault.person();
    const browser = vault.client();
    await browser.signIn(email);
    return { browser, email, secret: (await browser.post('/auth/totp/enroll', {})).body.secret };
  }
  const confirm = (browser: Client, secret: string) =>
    browser.post('/auth/totp/confirm', { code: vault.codeOf(secret) });

  it('is over after 10 min, to the millisecond, and its secret is swept', async () => {
    const late = await begin();
    const inTime = await begin();
    vault.clock.advance(10 * MINUTE_MS - 1);
    expect((await confirm(inTime.browser, inTime.secret)).status).toBe(200);
    vault.clock.advance(1);
    expectCode(await confirm(late.browser, late.secret), 401, 'CHALLENGE_EXPIRED');
    const code = notThe(vault.codeOf(late.secret));
    expectCode(await late.browser.post('/auth/totp/confirm', { code }), 401, 'CHALLENGE_EXPIRED');
    // One that was in time when it was looked at.
    const row = await vault.dataSource.manager.findOneByOrFail(TotpCredential, { confirmedAt: IsNull() });
    const opened = { ...row, secret: late.secret };
    const claim = vault.get(Database).write((manager) => vault.get(TotpCredentials).confirm(manager, opened, 1));
    expect(await claim).toBe(false);
    vault.clock.advance(1);
    const rows = (): Promise<number> => vault.dataSource.manager.count(TotpCredential);
    const before = await rows();
    await vault.get(Jobs).run(vault.get(CleanUpJob).name);
    expect(await rows()).toBe(before - 1);
    expect((await inTime.browser.get('/auth/second-factor')).body.totp).toBe(true);
  });

  it('the newest wins', async () => {
    const { browser, secret } = await begin();
    const newer = (await browser.post('/auth/totp/enroll', {})).body.secret;
    expect(newer).not.toBe(secret);
    expectCode(await confirm(browser, secret), 400, 'INVALID_CODE');
    expect((await confirm(browser, newer)).status).toBe(200);
  });

  it('that is replaced while its code is looked at confirms nothing', async () => {
    const { browser, secret } = await begin();
    const attempts = vault.get(FactorAttempts);
    const checkNew = attempts.checkNew.bind(attempts);
    attempts.checkNew = async (...given) => {
      const right = await checkNew(...given);
      await browser.post('/auth/totp/enroll', {});
      return right;
    };
    try {
      expectCode(await confirm(browser, secret), 401, 'CHALLENGE_EXPIRED');
    } finally {
      attempts.checkNew = checkNew;
    }
    expect((await browser.get('/auth/second-factor')).body).toMatchObject({ totp: false, recoveryCodesLeft: 0 });
  });

  it('that was never begun is none to confirm, and no code of it signs in', async () => {
    const { email } = await vault.person();
    const browser = vault.client();
    await browser.signIn(email);
    expectCode(await browser.post('/auth/totp/confirm', { code: '123456' }), 401, 'CHALLENGE_EXPIRED');
    const begun = await begin();
    const credentials = vault.get(TotpCredentials);
    const { id, userId } = await vault.dataSource.manager.findOneOrFail(TotpCredential, {
      where: { confirmedAt: IsNull() },
      order: { createdAt: 'DESC', id: 'DESC' },
    });
    expect([await credentials.enabledOf(userId), await credentials.use(id, 1e9)]).toEqual([undefined, false]);
    goStale(vault);
    const code = vault.codeOf(begun.secret);
    expect((await begun.browser.post('/auth/reauthenticate', { code })).status).not.toBe(200);
    expect((await begun.browser.post('/auth/reauthenticate', { password: PASSWORD })).status).toBe(200);
    // The session has another id from then on.
    expectCode(await confirm(begun.browser, begun.secret), 401, 'CHALLENGE_EXPIRED');
    const { secret } = (await begun.browser.post('/auth/totp/enroll', {})).body;
    expect((await confirm(begun.browser, secret)).status).toBe(200);
  });

  it('is ended by the session that began it alone, and another one uses nothing up', async () => {
    const { browser, secret, email } = await begin();
    const other = vault.client();
    await other.signIn(email);
    const tokens = (await vault.client().signIn(email, PASSWORD, { deliver: 'tokens' })).body;
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    for (let tries = 0; tries < 11; tries += 1) {
      const code = tries === 0 ? vault.codeOf(secret) : notThe(vault.codeOf(secret));
      expectCode(await other.post('/auth/totp/confirm', { code }), 401, 'CHALLENGE_EXPIRED');
    }
    const code = vault.codeOf(secret);
    expectCode(await vault.client().post('/auth/totp/confirm', { code }, { headers }), 401, 'CHALLENGE_EXPIRED');
    expect((await confirm(browser, secret)).status).toBe(200);
    expect((await browser.get('/auth/session')).body.methods).toEqual(['pwd', 'otp', 'mfa']);
  });

  it('ends with a password reset: whoever signs in after it confirms nothing that was begun before', async () => {
    const { browser, secret, email } = await begin();
    await vault.client().post('/auth/password/forgot', { email });
    const { token } = await vault.mail(email, 'reset-password');
    const password = 'a horse that nobody else has seen';
    expect((await vault.client().post('/auth/password/reset', { token, password })).status).toBe(204);
    const owner = vault.client();
    expect((await owner.signIn(email, password)).body.status).toBe('signed_in');
    expectCode(await confirm(owner, secret), 401, 'CHALLENGE_EXPIRED');
    expectCode(await confirm(browser, secret), 401, 'NOT_AUTHENTICATED');
    expect((await owner.get('/auth/second-factor')).body).toMatchObject({ totp: false, recoveryCodesLeft: 0 });
  });

  it('is begun and ended by a fresh session alone', async () => {
    const { browser } = await begin();
    const { browser: owner } = await vault.guarded();
    goStale(vault);
    for (const [client, path] of [
      [browser, 'totp/enroll'],
      [owner, 'totp/disable'],
      [owner, 'recovery-codes'],
    ] as const) {
      expectCode(await client.post(`/auth/${path}`, {}), 403, 'REAUTHENTICATION_REQUIRED');
    }
    expectCode(await vault.client().post('/auth/totp/enroll', {}), 401, 'NOT_AUTHENTICATED');
    expectCode(await browser.post('/auth/totp/enroll', {}, { csrf: false }), 403, 'CSRF_FAILED');
  });

  it('neither the password nor a new password is enough to remove the factor', async () => {
    const { browser, code, recoveryCodes } = await vault.guarded();
    goStale(vault);
    const weak = await browser.post('/auth/reauthenticate', { password: PASSWORD });
    expectCode(weak, 403, 'REAUTHENTICATION_REQUIRED');
    expect(weak.body.details.methods).toEqual(expect.arrayContaining(['code', 'recoveryCode']));
    expect(weak.body.details.methods).not.toContain('password');
    const password = 'another horse of another colour';
    const changed = await browser.post('/auth/password/change', { currentPassword: PASSWORD, password });
    expect(changed.status).toBe(200);
    expectCode(await browser.post('/auth/totp/disable', {}), 403, 'REAUTHENTICATION_REQUIRED');
    expect((await browser.post('/auth/reauthenticate', { recoveryCode: recoveryCodes[3] })).status).toBe(200);
    goStale(vault);
    expect((await browser.post('/auth/reauthenticate', { code: code() })).status).toBe(200);
    expect((await browser.post('/auth/totp/disable', {})).status).toBe(200);
  });

  it('a password that is reset leaves the factor, and sign-in asks for it', async () => {
    const { email, code } = await vault.guarded();
    await vault.client().post('/auth/password/forgot', { email });
    const { token } = await vault.mail(email, 'reset-password');
    const password = 'yet another horse and its colour';
    expect((await vault.client().post('/auth/password/reset', { token, password })).status).toBe(204);
    const browser = vault.client();
    const begun = await browser.signIn(email, password);
    expect(Object.keys(begun.body)).toEqual(['status', 'challenge', 'methods', 'expiresAt']);
    expect(browser.cookies.has('auth_session')).toBe(false);
    expect((await finish(browser, begun.body.challenge, { code: code() })).status).toBe(200);
  });

  it('over tokens: the answer has new ones, and the ones from before are refused', async () => {
    const { email } = await vault.person();
    const { access_token: before } = (await vault.client().signIn(email, PASSWORD, { deliver: 'tokens' })).body;
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    const client = vault.client();
    const { secret } = (await client.post('/auth/totp/enroll', {}, bearer(before))).body;
    const confirmed = await client.post('/auth/totp/confirm', { code: vault.codeOf(secret) }, bearer(before));
    expect(confirmed.body).toMatchObject({ status: 'signed_in', token_type: 'Bearer' });
    expect(confirmed.body.recoveryCodes).toHaveLength(10);
    expect(confirmed.setCookies.filter((line) => line.startsWith('auth_session'))).toEqual([]);
    expect((await client.get('/auth/me', bearer(before))).status).toBe(401);
    const replaced = await client.post('/auth/recovery-codes', {}, bearer(confirmed.body.access_token));
    expect(Object.keys(replaced.body)).toEqual(expect.arrayContaining(['access_token', 'recoveryCodes']));
    const disabled = await client.post('/auth/totp/disable', {}, bearer(replaced.body.access_token));
    expect((await client.get('/auth/me', bearer(disabled.body.access_token))).status).toBe(200);
  });

  it('ten wrong codes end it for 15 min, and no sign-in with them', async () => {
    const { browser, secret, email } = await begin();
    for (let tries = 0; tries < 10; tries += 1) {
      const code = notThe(vault.codeOf(secret));
      expectCode(await browser.post('/auth/totp/confirm', { code }), 400, 'INVALID_CODE');
    }
    const refused = await confirm(browser, secret);
    expectCode(refused, 429, 'TOO_MANY_ATTEMPTS');
    expect(refused.headers.get('retry-after')).toBe('900');
    expect((await vault.client().signIn(email)).status).toBe(200);
    expect((await vault.audit('second_factor.enable_failed')).length).toBeGreaterThanOrEqual(10);
    vault.clock.advance(15 * MINUTE_MS);
    await browser.signIn(email);
    const anew = (await browser.post('/auth/totp/enroll', {})).body.secret;
    expect((await confirm(browser, anew)).status).toBe(200);
  });

  it.each([{}, { code: 123456 }, { code: null }, { code: ['1'] }, { code: '1', more: 1 }])(
    'a body of %j is refused',
    async (body) => {
      const { browser } = await begin();
      expectCode(await browser.post('/auth/totp/confirm', body), 400, 'VALIDATION_FAILED');
    },
  );

  it('a clock that is set back accepts no step that is over', async () => {
    const { email, code, secret } = await vault.guarded();
    const now = await vault.halfway(email);
    expect((await finish(now.browser, now.challenge, { code: code() })).status).toBe(200);
    vault.clock.advance(-5 * STEP_MS);
    const then = await vault.halfway(email);
    expectCode(await finish(then.browser, then.challenge, { code: vault.codeOf(secret) }), 400, 'INVALID_CODE');
    vault.clock.advance(6 * STEP_MS);
    expect((await finish(then.browser, then.challenge, { code: vault.codeOf(secret) })).status).toBe(200);
  });

  it.each([
    [-2, false],
    [-1, true],
    [0, true],
    [1, true],
    [2, false],
  ])('of an authenticator that is %d steps off: %s', async (steps, accepted) => {
    const { email, code } = await vault.guarded();
    // What was used to confirm is out of the way.
    vault.clock.advance(4 * STEP_MS);
    const { browser, challenge } = await vault.halfway(email);
    const answer = await finish(browser, challenge, { code: code(steps) });
    expect(answer.status).toBe(accepted ? 200 : 400);
  });
});

it('who proves an address for the first time drops what somebody else had set up', async () => {
  const vault = await startVault({ auth: { emailVerification: 'optional' } });
  try {
    const email = 'early@example.com';
    const stranger = vault.client();
    await stranger.register(email);
    await stranger.signIn(email);
    const { secret } = (await stranger.post('/auth/totp/enroll', {})).body;
    expect((await stranger.post('/auth/totp/confirm', { code: vault.codeOf(secret) })).status).toBe(200);
    const owner = vault.client();
    await owner.post('/auth/password/forgot', { email });
    const { token } = await vault.mail(email, 'reset-password');
    const password = 'the horse of its rightful owner';
    expect((await owner.post('/auth/password/reset', { token, password })).status).toBe(204);
    expect((await owner.signIn(email, password)).body.status).toBe('signed_in');
    expect((await owner.get('/auth/second-factor')).body).toMatchObject({ totp: false, recoveryCodesLeft: 0 });
    expect((await stranger.get('/auth/me')).status).toBe(401);
  } finally {
    await vault.close();
  }
});

it.each(['SHA-256', 'SHA-512'] as const)('%s is for new enrolments, and stays with each', async (algorithm) => {
  const vault = await startVault({ auth: { totp: { algorithm, issuer: 'Bank' } } });
  try {
    const { email } = await vault.person();
    const browser = vault.client();
    await browser.signIn(email);
    const { uri } = (await browser.post('/auth/totp/enroll', {})).body;
    expect(uri).toContain(`/Bank:`);
    expect(uri).toContain(`algorithm=${algorithm.replace('-', '')}`);
    const code = authenticatorOf(uri, vault.clock.now());
    expect((await browser.post('/auth/totp/confirm', { code })).status).toBe(200);
  } finally {
    await vault.close();
  }
});

/** Subjects of what the owner was told. */
async function told(vault: Vault, email: string): Promise<readonly string[]> {
  return (await vault.mails(email, 'second-factor-changed')).map(({ subject }) => subject);
}

function authenticatorOf(uri: string, timestamp: number): string {
  return (URI.parse(uri) as TOTP).generate({ timestamp });
}
