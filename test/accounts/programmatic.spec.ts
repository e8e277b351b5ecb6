import { afterEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { MARIADB_STACK, PASSWORD, STACKS } from '../support/app.js';
import { ADA, ANOTHER, EVE, startMailApp, trail, type MailApp } from '../email/kit.js';

let running: MailApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

describe.each([...STACKS, MARIADB_STACK])('what the application does to an account ($database, $store)', (stack) => {
  it('is one row for each change, and none for what changes nothing', async () => {
    running = await startMailApp(stack);
    const { app, mailbox, deliver } = running;
    const accounts = app.get(Accounts);
    const by = { actorId: 'the-administrator', client: { address: '192.0.2.7', userAgent: 'Firefox on Linux' } };
    const { id } = (await accounts.create({ email: ADA, emailVerified: true }, by))!;
    await app.client().signIn(ADA, 'a wrong password altogether');
    const changes: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['role.assigned', () => accounts.assignRole(id, 'editor', by)],
      ['role.removed', () => accounts.removeRole(id, 'editor', by)],
      ['account.disabled', () => accounts.disable(id, by)],
      ['account.enabled', () => accounts.enable(id, by)],
    ];
    const expected = ['account.created'];
    for (const [type, change] of changes) {
      await change();
      await change();
      expected.push(type);
      expect((await trail(app, id)).filter((each) => each === type)).toHaveLength(1);
    }
    await accounts.markEmailVerified(id, by);
    expect(await trail(app, id)).toEqual(expect.arrayContaining(expected));
    await accounts.setPassword(id, PASSWORD, by);
    await accounts.setPassword(id, ANOTHER, by);
    await deliver();
    expect(mailbox.all().map(({ kind }) => kind)).toEqual(['password-changed', 'password-changed']);
    expect(mailbox.all()[0]?.text).toContain('192.0.2.7');
    await Promise.all(Array.from({ length: 10 }, () => accounts.assignRole(id, 'reader', by)));
    await accounts.delete(id, by);
    const types = await trail(app, id);
    for (const type of [...expected, 'password.set', 'password.changed', 'account.deleted']) {
      const times = type === 'role.assigned' ? 2 : 1;
      expect(
        types.filter((each) => each === type),
        type,
      ).toHaveLength(times);
    }
    expect(types).not.toContain('email.verified');
    const actors: { actor_id: string | null }[] = await app.dataSource.query(
      `SELECT DISTINCT actor_id FROM auth_audit WHERE subject_id = '${id}' AND type NOT LIKE 'sign_in.%'`,
    );
    expect(actors).toEqual([{ actor_id: 'the-administrator' }]);
  });

  it('mails a link to prove the address when it is asked to, and vouches for one', async () => {
    running = await startMailApp(stack);
    const { app, mailbox, deliver } = running;
    const accounts = app.get(Accounts);
    const ada = (await accounts.create({ email: ADA, password: PASSWORD, sendVerification: true }))!;
    await accounts.create({ email: EVE, password: PASSWORD });
    expect(await accounts.create({ email: ADA, sendVerification: true })).toBeUndefined();
    await deliver();
    expect(mailbox.all().map(({ to }) => to)).toEqual([ADA]);
    const { token } = mailbox.all()[0]!;
    expect((await app.client().post('/auth/email/verify', { token })).status).toBe(204);
    expect((await app.client().signIn(ADA)).status).toBe(200);
    await accounts.markEmailVerified(ada.id);
    expect((await trail(app, ada.id)).filter((type) => type === 'email.verified')).toHaveLength(1);
  });
});

describe('an account that wrong passwords have stopped', () => {
  it('is unlocked once', async () => {
    running = await startMailApp();
    const { app } = running;
    const accounts = app.get(Accounts);
    const { id } = (await accounts.create({ email: ADA, password: PASSWORD, emailVerified: true }))!;
    for (let count = 0; count < 5; count += 1) await app.client().signIn(ADA, 'a wrong password altogether');
    expect((await app.client().signIn(ADA)).status).toBe(429);
    await accounts.unlock(id, { actorId: 'the-administrator' });
    await accounts.unlock(id, { actorId: 'the-administrator' });
    expect((await app.client().signIn(ADA)).status).toBe(200);
    expect((await trail(app, id)).filter((type) => type === 'account.unlocked')).toHaveLength(1);
  });
});
