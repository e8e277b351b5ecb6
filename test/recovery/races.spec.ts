import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PasswordHasher } from '../../lib/index.js';
import { FastPasswordHasher } from '../../lib/testing/index.js';
import { MARIADB_STACK, PASSWORD, STACKS } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { Gate } from '../sessions/kit.js';
import { NEW_PASSWORD, RecoveryLab, times, type Person } from './kit.js';

/** A hasher in which a test holds the next check of a password. */
@Injectable()
class HeldHasher extends FastPasswordHasher {
  private gate: Gate | undefined;

  hold(): Gate {
    return (this.gate = new Gate());
  }

  override async verify(password: string, stored: string): Promise<boolean> {
    const { gate } = this;
    this.gate = undefined;
    await gate?.pass();
    return super.verify(password, stored);
  }
}

describe.each([...STACKS, MARIADB_STACK])('at the same moment, on $database and $store', (stack) => {
  let lab: RecoveryLab;
  beforeAll(async () => {
    lab = await RecoveryLab.start({
      ...stack,
      override: (builder) => builder.overrideProvider(PasswordHasher).useClass(HeldHasher),
    });
  });
  afterAll(() => lab.close());

  const hasher = (): HeldHasher => lab.app.get(PasswordHasher) as HeldHasher;

  function statuses(answers: readonly Answer[]): number[] {
    return answers.map(({ status }) => status).sort();
  }

  function change(client: Client, password = NEW_PASSWORD): Promise<Answer> {
    return client.post('/auth/password/change', { currentPassword: PASSWORD, password });
  }

  it('thirty resets with one link: one sets its password, twenty-nine are refused', async () => {
    for (let round = 0; round < 3; round += 1) {
      const owner = await lab.newPerson();
      const token = await lab.issue(owner);
      const passwords = Array.from({ length: 30 }, (_, index) => `${NEW_PASSWORD} ${index}`);
      const answers = await Promise.all(passwords.map((password) => lab.reset(token, password)));
      expect(statuses(answers)).toEqual([204, ...times(29, 400)]);
      const winner = answers.findIndex(({ status }) => status === 204);
      await lab.signedIn(owner, passwords[winner]);
      const rows = await lab.audited(owner.userId, 'password');
      expect(rows.filter(({ type }) => type === 'password.reset')).toHaveLength(1);
      expect(await letters(owner)).toBe(1);
    }
  });

  it('thirty unlocks with one link: one works', async () => {
    const owner = await lab.newPerson();
    const token = await lab.issue(owner, 'unlock');
    const tries = Array.from({ length: 30 }, () => lab.app.client().post('/auth/unlock', { token }));
    expect(statuses(await Promise.all(tries))).toEqual([204, ...times(29, 400)]);
    expect(await lab.audited(owner.userId, 'account.unlocked')).toHaveLength(1);
  });

  it('thirty changes of a password in one session: one, and one session is left', async () => {
    for (let round = 0; round < 2; round += 1) {
      const owner = await lab.newPerson();
      const browser = await lab.signedIn(owner);
      const sent = { headers: { cookie: browser.cookieHeader(), 'x-csrf-token': browser.csrfToken! } };
      const passwords = Array.from({ length: 30 }, (_, index) => `${NEW_PASSWORD} ${index}`);
      const clients = passwords.map(() => lab.app.client());
      const answers = await Promise.all(
        passwords.map((password, index) =>
          clients[index]!.post('/auth/password/change', { currentPassword: PASSWORD, password }, sent),
        ),
      );
      const winners = answers.flatMap(({ status }, index) => (status === 200 ? [index] : []));
      expect(winners).toHaveLength(1);
      for (const { status } of answers) expect([200, 401, 429]).toContain(status);
      expect((await clients[winners[0]!]!.get('/whoami')).status).toBe(200);
      expect((await browser.get('/whoami')).status).toBe(401);
      expect(await liveSessions(owner)).toBe(1);
      expect(await letters(owner)).toBe(1);
      await lab.signedIn(owner, passwords[winners[0]!]);
    }
  });

  it('two sessions change the password: one does, the other has ended', async () => {
    const owner = await lab.newPerson();
    const browsers = [await lab.signedIn(owner), await lab.signedIn(owner)];
    const gate = hasher().hold();
    const slow = change(browsers[0]!, `${NEW_PASSWORD} slow`);
    await gate.reached;
    expect((await change(browsers[1]!, `${NEW_PASSWORD} fast`)).status).toBe(200);
    gate.open();
    const answer = await slow;
    expect([answer.status, answer.body.code, answer.setCookies]).toEqual([401, 'NOT_AUTHENTICATED', []]);
    await lab.signedIn(owner, `${NEW_PASSWORD} fast`);
  });

  it('a reset, and a sign-in with the old password that is under way: no session of it is left', async () => {
    const owner = await lab.newPerson();
    const token = await lab.issue(owner);
    const gate = hasher().hold();
    const thief = lab.app.client();
    const signingIn = thief.signIn(owner.email);
    await gate.reached;
    expect((await lab.reset(token)).status).toBe(204);
    gate.open();
    const answer = await signingIn;
    expect([answer.status, answer.body.code, answer.setCookies]).toEqual([401, 'INVALID_CREDENTIALS', []]);
    expect((await thief.get('/whoami')).status).toBe(401);
    expect(await liveSessions(owner)).toBe(0);
  });

  it('a reset, and a change by a thief with session and password that is under way: the reset stands', async () => {
    const owner = await lab.newPerson();
    const thief = await lab.signedIn(owner);
    const token = await lab.issue(owner);
    const gate = hasher().hold();
    const changing = change(thief, 'the password of the thief');
    await gate.reached;
    expect((await lab.reset(token)).status).toBe(204);
    gate.open();
    const answer = await changing;
    expect([answer.status, answer.body.code]).toEqual([401, 'NOT_AUTHENTICATED']);
    expect((await thief.get('/whoami')).status).toBe(401);
    expect((await lab.app.client().signIn(owner.email, 'the password of the thief')).status).toBe(401);
    await lab.signedIn(owner, NEW_PASSWORD);
  });

  /** Sessions whose row says that they live and whose epoch is the account's. */
  async function liveSessions({ userId }: Person): Promise<number> {
    const rows = await lab.app.dataSource.query(
      `SELECT s.id FROM auth_sessions s JOIN auth_accounts a ON a.user_id = s.user_id AND a.epoch = s.epoch
       WHERE s.user_id = '${userId}' AND s.revoked_at IS NULL`,
    );
    return rows.length;
  }

  /** Notices of a new password that the account has got. */
  async function letters({ email }: Person): Promise<number> {
    await lab.mail(email, 'password-changed');
    await lab.deliver();
    return lab.mailbox.all(email).filter(({ kind }) => kind === 'password-changed').length;
  }
});
