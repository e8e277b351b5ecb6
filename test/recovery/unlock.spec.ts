import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { Outbox } from '../../lib/mail/outbox.js';
import { Database } from '../../lib/database/database.js';
import { TOKEN_LIFE_MS } from '../../lib/one-time-tokens/purposes.js';
import { STANDS, PASSWORD } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { bytesOf, RecoveryLab, WRONG, type Person } from './kit.js';

describe.each(STANDS)('a locked account on $adapter, $database and $store', (setup) => {
  let lab: RecoveryLab;
  beforeAll(async () => {
    lab = await RecoveryLab.start(setup);
  });
  afterAll(() => lab.close());

  /** The length of the lock in seconds, and the token of the mail that tells of it. */
  async function lockOut({ email }: Person): Promise<{ seconds: number; token: string }> {
    for (let times = 0; times < 5; times += 1) await lab.app.client().signIn(email, WRONG);
    const { status, headers } = await lab.app.client().signIn(email);
    expect(status).toBe(429);
    return { seconds: Number(headers.get('retry-after')), token: (await lab.mail(email, 'unlock')).token! };
  }

  const unlock = (token: string, client = lab.app.client()): Promise<Answer> => client.post('/auth/unlock', { token });

  it('is opened by its owner: lock, rounds and failures end, the browser is known from then on', async () => {
    const owner = await lab.newPerson();
    let lock = await lockOut(owner);
    expect(lock.seconds).toBe(60);
    // The clock of Redis is its own.
    if (setup.store === 'memory') {
      lab.clock.advance(60_000);
      lock = await lockOut(owner);
      expect(lock.seconds).toBe(120);
    }
    await lab.app.dataSource.query(
      `UPDATE auth_accounts SET failed_in_row = 100, failed_in_row_known = 100 WHERE user_id = '${owner.userId}'`,
    );
    const browser = lab.app.client();
    const answer = await unlock(lock.token, browser);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect([...browser.cookies.keys()]).toEqual(['auth_device']);
    expect((await browser.get('/auth/session')).body).toEqual({ user: null });
    expect((await lab.app.client().signIn(owner.email)).status).toBe(200);
    // The ladder begins anew; the browser that opened it goes in all the same.
    expect((await lockOut(owner)).seconds).toBe(60);
    expect((await browser.signIn(owner.email)).status).toBe(200);
    expect((await lab.audited(owner.userId, 'account.unlock')).map(({ type }) => type)).toEqual(['account.unlocked']);
  });

  it('its link changes neither password nor sessions, and works once', async () => {
    const owner = await lab.newPerson();
    const browser = await lab.signedIn(owner);
    const token = await lab.issue(owner, 'unlock');
    const reset = await lab.issue(owner);
    expect((await lab.reset(token)).body.code).toBe('INVALID_TOKEN');
    expect((await unlock(token)).status).toBe(204);
    expect((await browser.get('/whoami')).status).toBe(200);
    await lab.signedIn(owner, PASSWORD);
    expect((await unlock(token)).body.code).toBe('INVALID_TOKEN');
    expect((await lab.reset(reset)).status).toBe(204);
  });

  it('every link that is not good is refused with the same bytes and opens nothing', async () => {
    const locked = await lab.newPerson();
    await lab.signedIn(locked);
    await lockOut(locked);
    const refused: Answer[] = [await unlock('x'), await unlock(`${'A'.repeat(22)}.${'A'.repeat(43)}`)];
    for (const purpose of ['reset-password', 'verify-email', 'magic-link', 'change-email'] as const) {
      refused.push(await unlock(await lab.issue(locked, purpose)));
    }
    const superseded = await lab.issue(locked, 'unlock');
    await lab.issue(locked, 'unlock');
    refused.push(await unlock(superseded));
    const disabled = await lab.newPerson();
    const disabledToken = await lab.issue(disabled, 'unlock');
    await lab.app.get(Accounts).disable(disabled.userId);
    refused.push(await unlock(disabledToken));
    expect((await lab.app.client().signIn(locked.email)).status).toBe(429);
    const late = await lab.issue(locked, 'unlock');
    lab.clock.advance(TOKEN_LIFE_MS.unlock);
    refused.push(await unlock(late));
    expect(refused.map(bytesOf)).toEqual(refused.map(() => bytesOf(refused[0]!)));
    expect([refused[0]!.status, refused[0]!.body.code, refused[0]!.setCookies]).toEqual([400, 'INVALID_TOKEN', []]);
    const all = await lab.app.dataSource.query("SELECT id FROM auth_audit WHERE type = 'account.unlock_failed'");
    // One of them is from the case above.
    expect(all).toHaveLength(refused.length + 1);
  });

  it('the mail goes to the owner alone, and says whether passwords are stopped', async () => {
    const [owner, disabled] = [await lab.newPerson(), await lab.newPerson()];
    await lab.app.get(Accounts).disable(disabled.userId);
    const letter = (address: string, data = {}) =>
      lab.app
        .get(Database)
        .write((manager) => lab.app.get(Outbox).add(manager, { kind: 'unlock', address, locale: 'en', data }));
    await letter('nobody-at-all@example.com');
    await letter(disabled.email);
    await letter(` ${owner.email.toUpperCase()} `);
    const mail = await lab.mail(owner.email, 'unlock');
    expect((await unlock(mail.token!)).status).toBe(204);
    expect(new URL(mail.links.find((link) => link.includes('#token='))!).pathname).toBe('/unlock');
    await letter(owner.email, { stopped: true });
    const stopped = await lab.mail(owner.email, 'unlock');
    expect(stopped.text).not.toBe(mail.text);
    expect(lab.mailbox.all('nobody-at-all@example.com')).toEqual([]);
    expect(lab.mailbox.all(disabled.email)).toEqual([]);
  });
});
