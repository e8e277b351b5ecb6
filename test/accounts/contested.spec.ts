import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { STANDS, PASSWORD } from '../support/app.js';
import { ADA, ANOTHER, facts, idOf, startMailApp, trail, type MailApp } from '../email/kit.js';

const THIRD = 'the password of a third one';
const fields = v.partial(v.object({ displayName: v.string() }));
const auth = { registration: { fields, newUserDefaults: {} }, publicUserFields: ['displayName'] } as const;

let running: MailApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

describe.each(STANDS)('an address that is registered twice on $adapter, $database and $store', (stack) => {
  it('is proven alone: the first password, fields, sessions and links are gone', async () => {
    running = await startMailApp(stack, { ...auth, emailVerification: 'optional' });
    const { app, mailbox, deliver } = running;
    const first = app.client();
    await first.post('/auth/register', { email: ADA, password: PASSWORD, displayName: 'Mallory' });
    await deliver();
    const older = await mailbox.next(ADA, 'verify-email');
    expect([older.links[0], older.text]).not.toContain('contested');
    expect((await first.signIn(ADA)).status).toBe(200);
    expect((await first.get('/auth/me')).status).toBe(200);

    await app.client().register('  ADA@example.com', ANOTHER);
    expect((await first.get('/auth/me')).status).toBe(401);
    expect((await first.signIn(ADA)).status).toBe(200);
    // A third time changes nothing any more: strangers cannot end each new link.
    await deliver();
    const { token, links } = await mailbox.next(ADA, 'verify-email');
    expect(links[0]).toMatch(/#token=[\w-]+\.[\w-]+&contested=1$/);
    expect((await app.client().post('/auth/email/verify', { token: older.token })).status).toBe(400);
    await app.client().register(ADA, THIRD);

    const post = (body: object) => app.client().post('/auth/email/verify', { token, ...body });
    const short = await post({ password: 'short' });
    expect(short.body).toMatchObject({ statusCode: 400, code: 'PASSWORD_REJECTED' });
    expect((await post({ password: THIRD })).status).toBe(204);
    expect((await first.get('/auth/me')).status).toBe(401);
    for (const password of [PASSWORD, ANOTHER]) expect((await app.client().signIn(ADA, password)).status).toBe(401);
    const { body } = await app.client().signIn(ADA, THIRD);
    expect(body.user).toMatchObject({ emailVerified: true, displayName: null });
    expect((await post({})).status).toBe(400);
    const events = await trail(app, body.user.id);
    expect(events.filter((type) => type.startsWith('account.'))).toEqual([
      'account.registered',
      'account.registration_repeated',
      'account.registration_repeated',
    ]);
    // From now on it is like any other address that has an owner.
    await app.client().register(ADA, ANOTHER);
    await deliver();
    expect((await mailbox.next(ADA, 'existing-account')).links).not.toContain('token=');
    expect((await app.client().signIn(ADA, THIRD)).status).toBe(200);
  });

  it('has no password when its proof brings none', async () => {
    running = await startMailApp(stack, auth);
    const { app, mailbox, deliver } = running;
    await app.client().register(ADA);
    await app.client().register(ADA, ANOTHER);
    await deliver();
    const token = mailbox.all(ADA).at(-1)!.token;
    expect((await app.client().post('/auth/email/verify', { token })).status).toBe(204);
    for (const password of [PASSWORD, ANOTHER]) expect((await app.client().signIn(ADA, password)).status).toBe(401);
    const [user] = await app.dataSource.query('SELECT password_hash FROM users');
    expect(user).toEqual({ password_hash: null });
  });
});

describe('a password beside the token', () => {
  it('is refused for an address that nobody contests, and leaves the link usable', async () => {
    running = await startMailApp();
    const { app, mailbox, deliver } = running;
    await app.client().register(ADA);
    await deliver();
    const { token } = await mailbox.next(ADA, 'verify-email');
    const refused = await app.client().post('/auth/email/verify', { token, password: ANOTHER });
    expect(refused.body).toMatchObject({ code: 'VALIDATION_FAILED', details: [{ field: 'password' }] });
    expect((await app.client().post('/auth/email/verify', { token })).status).toBe(204);
    expect((await app.client().signIn(ADA)).status).toBe(200);
    const garbage = await app.client().post('/auth/email/verify', { token: 'x', password: 'short' });
    expect(facts(garbage)).toEqual(facts(await app.client().post('/auth/email/verify', { token: 'x' })));
  });
});

describe('an administrator who vouches for a contested address', () => {
  it('vouches for nothing else', async () => {
    running = await startMailApp({}, auth);
    const { app } = running;
    await app.client().register(ADA);
    await app.client().register(ADA, ANOTHER);
    await app.get(Accounts).markEmailVerified(await idOf(app, ADA));
    expect((await app.client().signIn(ADA)).status).toBe(401);
  });
});

describe('a user whom the application made, without an account of ours', () => {
  it('is contested like any other', async () => {
    running = await startMailApp({}, { emailVerification: 'optional' });
    const { app, mailbox, deliver } = running;
    await app.client().register(ADA);
    await deliver();
    await app.dataSource.query('DELETE FROM auth_accounts');
    await app.client().register(ADA, ANOTHER);
    await deliver();
    const tokens = mailbox.all(ADA).map(({ token }) => token);
    expect((await app.client().post('/auth/email/verify', { token: tokens[0] })).status).toBe(400);
    expect((await app.client().post('/auth/email/verify', { token: tokens[1] })).status).toBe(204);
    expect((await app.client().signIn(ADA)).status).toBe(401);
  });
});
