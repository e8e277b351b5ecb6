import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { Database } from '../../lib/database/database.js';
import { TOKEN_LIFE_MS } from '../../lib/one-time-tokens/purposes.js';
import { UserTable } from '../../lib/users/user-table.js';
import { STANDS, PASSWORD } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { bytesOf, NEW_PASSWORD, RecoveryLab, whoami, WRONG, type Person } from './kit.js';

describe.each(STANDS)('a forgotten password on $adapter, $database and $store', (setup) => {
  let lab: RecoveryLab;
  beforeAll(async () => {
    lab = await RecoveryLab.start(setup);
  });
  afterAll(() => lab.close());

  it('is replaced by the link of a mail, which ends every session and signs nobody in', async () => {
    const owner = await lab.newPerson();
    const browser = await lab.signedIn(owner);
    const tokens = await lab.tokensOf(owner);
    expect((await whoami(lab.app, tokens)).status).toBe(200);

    const asked = await lab.forgot(owner.email);
    expect([asked.status, asked.body]).toEqual([202, { status: 'accepted' }]);
    const mail = await lab.mail(owner.email, 'reset-password');
    const link = new URL(mail.links.find((each) => each.includes('#token='))!);
    expect(link.origin + link.pathname).toBe('http://127.0.0.1:3000/reset-password');
    expect(link.search).toBe('');

    const resetting = lab.app.client();
    const answer = await lab.reset(mail.token!, NEW_PASSWORD, resetting);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect([...resetting.cookies.keys()]).toEqual(['auth_device']);
    expect((await resetting.get('/auth/session')).body).toEqual({ user: null });

    expect((await browser.get('/whoami')).status).toBe(401);
    expect((await whoami(lab.app, tokens)).status).toBe(401);
    const refreshed = await lab.app.client().post('/auth/token/refresh', { refresh_token: tokens.refresh_token });
    expect(refreshed.body.code).toBe('INVALID_REFRESH_TOKEN');
    expect((await lab.app.client().signIn(owner.email)).status).toBe(401);
    expect((await lab.app.client().signIn(owner.email, NEW_PASSWORD)).status).toBe(200);

    const notice = await lab.mail(owner.email, 'password-changed');
    expect(notice.token).toBeUndefined();
    expect(notice.text + notice.html).not.toContain(NEW_PASSWORD);
    expect((await lab.audited(owner.userId, 'password')).map(({ type, outcome }) => [type, outcome])).toEqual([
      ['password.reset', 'success'],
    ]);
  });

  it('its link works once, and every link that is not good is refused with the same bytes', async () => {
    const refused: Answer[] = [];
    const tryOf = async (token: string): Promise<void> => void refused.push(await lab.reset(token));

    await tryOf('x');
    await tryOf(`${'A'.repeat(22)}.${'A'.repeat(43)}`);
    const used = await lab.newPerson();
    const usedToken = await lab.issue(used);
    expect((await lab.reset(usedToken)).status).toBe(204);
    await tryOf(usedToken);
    const other = await lab.newPerson();
    for (const purpose of ['unlock', 'verify-email', 'magic-link', 'change-email'] as const) {
      await tryOf(await lab.issue(other, purpose));
    }
    const superseded = await lab.issue(other);
    await lab.issue(other);
    await tryOf(superseded);
    const moved = await lab.newPerson();
    const movedToken = await lab.issue(moved);
    await lab.app.get(Database).write((manager) =>
      lab.app.get(UserTable).setEmail(manager, moved.userId, {
        email: `moved-${moved.email}`,
        instead: moved.email,
        at: 1,
      }),
    );
    await tryOf(movedToken);
    const disabled = await lab.newPerson();
    const disabledToken = await lab.issue(disabled);
    await lab.app.get(Accounts).disable(disabled.userId);
    await tryOf(disabledToken);
    const late = await lab.newPerson();
    const lateToken = await lab.issue(late);
    lab.clock.advance(TOKEN_LIFE_MS['reset-password']);
    await tryOf(lateToken);

    expect(refused.map(bytesOf)).toEqual(refused.map(() => bytesOf(refused[0]!)));
    expect(refused[0]!.status).toBe(400);
    expect(refused[0]!.body.code).toBe('INVALID_TOKEN');
    expect(refused[0]!.setCookies).toEqual([]);
    for (const { email } of [other, late]) expect((await lab.app.client().signIn(email)).status).toBe(200);
    // A row for each, about an account where the link was one.
    const rows = await lab.audited(late.userId, 'password.reset_failed');
    expect(rows.map(({ outcome, actorId }) => [outcome, actorId])).toEqual([['failure', null]]);
    const all = await lab.app.dataSource.query("SELECT id FROM auth_audit WHERE type = 'password.reset_failed'");
    expect(all).toHaveLength(refused.length);
  });

  it('a password that breaks the rules leaves the link usable', async () => {
    const owner = await lab.newPerson();
    const token = await lab.resetToken(owner);
    const [local = ''] = owner.email.split('@');
    for (const password of ['short', 'passwordpassword', owner.email, 'x'.repeat(2_000), '']) {
      const answer = await lab.reset(token, password);
      expect([answer.status, answer.body.code], password.slice(0, 20)).toEqual([400, 'PASSWORD_REJECTED']);
      expect(answer.body.details.length).toBeGreaterThan(0);
    }
    expect(local).not.toBe('');
    for (const body of [{ token }, { password: NEW_PASSWORD }, { token: 1, password: 2 }, { token, password: [] }]) {
      const answer = await lab.app.client().post('/auth/password/reset', body);
      expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION_FAILED']);
    }
    const browser = await lab.signedIn(owner);
    expect((await browser.get('/whoami')).status).toBe(200);
    expect((await lab.reset(token)).status).toBe(204);
  });

  it('the link gives a password to an account without one', async () => {
    const owner = await lab.newPerson({ password: null });
    expect((await lab.reset(await lab.resetToken(owner))).status).toBe(204);
    await lab.signedIn(owner, NEW_PASSWORD);
  });

  it('the lock, its rounds and failures in a row end, and the browser becomes known', async () => {
    const owner = await lab.newPerson();
    await lab.app.dataSource.query(
      `INSERT INTO auth_accounts (user_id, epoch, session_seq, failed_in_row, failed_in_row_known)
       SELECT '${owner.userId}', 0, 0, 0, 0 WHERE NOT EXISTS
       (SELECT 1 FROM auth_accounts WHERE user_id = '${owner.userId}')`,
    );
    await lab.app.dataSource.query(
      `UPDATE auth_accounts SET failed_in_row = 100, failed_in_row_known = 100 WHERE user_id = '${owner.userId}'`,
    );
    await lockOut(owner);
    const browser = lab.app.client();
    expect((await lab.reset(await lab.resetToken(owner), NEW_PASSWORD, browser)).status).toBe(204);
    expect((await lab.app.client().signIn(owner.email, NEW_PASSWORD)).status).toBe(200);
    await lockOut(owner);
    expect((await lab.app.client().signIn(owner.email, NEW_PASSWORD)).headers.get('retry-after')).toBe('60');
    expect((await browser.signIn(owner.email, NEW_PASSWORD)).status).toBe(200);
  });

  async function lockOut({ email }: Person): Promise<void> {
    for (let times = 0; times < 5; times += 1) await lab.app.client().signIn(email, WRONG);
    expect((await lab.app.client().signIn(email, PASSWORD)).status).toBe(429);
  }
});
