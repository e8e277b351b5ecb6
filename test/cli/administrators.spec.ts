import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Accounts, Administrators, Jobs } from '../../lib/index.js';
import { UserRole } from '../../lib/roles/user-role.entity.js';
import { startMailbox, type Mailbox } from '../support/mailbox.js';
import { PASSWORD, startApp, type TestApp } from '../support/app.js';

let app: TestApp;
let mailbox: Mailbox;
let administrators: Administrators;
let count = 0;
let email: string;

beforeAll(async () => {
  mailbox = await startMailbox();
  app = await startApp({
    auth: {
      emailVerification: 'required',
      jobs: 'manual',
      mail: mailbox.options,
    },
  });
  administrators = app.get(Administrators);
});
afterAll(async () => {
  await app?.close();
  await mailbox?.close();
});
beforeEach(async () => {
  await app.dataSource.getRepository(UserRole).clear();
  email = `person${(count += 1)}@example.com`;
});

async function account(more: object = {}): Promise<string> {
  const user = await app.get(Accounts).create({ email, password: PASSWORD, emailVerified: true, ...more });
  return user!.id;
}

const rolesOf = async (): Promise<readonly string[]> => (await app.get(Accounts).findByEmail(email))?.roles ?? [];

describe('an administrator', () => {
  it('without a password sets one by the link that is mailed, and is in', async () => {
    expect(await administrators.make({ email })).toEqual({ outcome: 'created' });
    expect((await app.client().signIn(email)).status).toBe(401);
    await app.get(Jobs).run('outbox');
    const { token } = await mailbox.next(email);
    expect((await app.client().post('/auth/password/reset', { token, password: PASSWORD })).status).toBe(204);
    const { status, body } = await app.client().signIn(email);
    expect([status, body.user.roles, body.user.emailVerified]).toEqual([200, ['admin'], true]);
    expect(await administrators.make({ email })).toEqual({ outcome: 'is-one' });
  });

  it('is mailed another link when asked for again before the first was used', async () => {
    await administrators.make({ email });
    expect(await administrators.make({ email: email.toUpperCase() })).toEqual({ outcome: 'invited' });
  });

  it('with a password is in at once, and is under the policy, with every rule that is broken', async () => {
    const refused = await administrators.make({ email, password: email.slice(0, 7) });
    expect(refused.outcome).toBe('password');
    expect('problems' in refused ? refused.problems.length : 0).toBeGreaterThan(0);
    expect(await administrators.make({ email, password: PASSWORD })).toEqual({ outcome: 'created' });
    expect((await app.client().signIn(email)).status).toBe(200);
  });

  it('is the only one unless another is asked for', async () => {
    await administrators.make({ email, password: PASSWORD });
    const second = `second-${email}`;
    expect(await administrators.make({ email: second })).toEqual({ outcome: 'exists' });
    expect(await app.get(Accounts).findByEmail(second)).toBeUndefined();
    expect(await administrators.make({ email: second, another: true })).toEqual({ outcome: 'created' });
  });

  it('is nobody who is there already, unless that is said', async () => {
    await account();
    expect(await administrators.make({ email })).toEqual({ outcome: 'taken' });
    expect(await rolesOf()).not.toContain('admin');
    expect(await administrators.make({ email, promote: true })).toEqual({ outcome: 'promoted' });
    expect(await rolesOf()).toContain('admin');
  });

  it('is never whoever registered the address first without owning it, nor who is disabled', async () => {
    await account({ emailVerified: false });
    expect(await administrators.make({ email, promote: true })).toEqual({ outcome: 'unproven' });
    expect(await rolesOf()).not.toContain('admin');
    email = `disabled-${email}`;
    await app.get(Accounts).disable(await account());
    expect(await administrators.make({ email, promote: true })).toEqual({ outcome: 'disabled' });
    expect(await rolesOf()).not.toContain('admin');
  });

  it('is made once by thirty who ask at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 30 }, () => administrators.make({ email, password: PASSWORD, another: true })),
    );
    expect(made.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    for (const { outcome } of made) expect(['created', 'taken', 'is-one']).toContain(outcome);
  });
});
