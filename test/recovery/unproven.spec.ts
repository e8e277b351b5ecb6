import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MARIADB_STACK, PASSWORD, STACKS, User } from '../support/app.js';
import { NEW_PASSWORD, RecoveryLab, type Person } from './kit.js';

const text = v.optional(v.string());
const FIELDS = ['displayName', 'handle'] as const;

describe.each([...STACKS, MARIADB_STACK])('an account that a stranger made, on $database and $store', (stack) => {
  let lab: RecoveryLab;
  beforeAll(async () => {
    lab = await RecoveryLab.start({
      ...stack,
      auth: {
        emailVerification: 'optional',
        registration: { fields: v.object({ displayName: text }), newUserDefaults: { displayName: 'New here' } },
        profile: { fields: v.object({ displayName: text, handle: text }) },
      },
    });
  });
  afterAll(() => lab.close());

  let count = 0;

  /** Somebody registers the address of somebody else, signs in and makes himself at home. */
  async function squatted(): Promise<Person> {
    count += 1;
    const email = `victim${count}@example.com`;
    const squatter = lab.app.client();
    await squatter.post('/auth/register', { email, password: PASSWORD, displayName: 'The squatter' });
    expect((await squatter.signIn(email)).status).toBe(200);
    const body = { displayName: 'The squatter', handle: `squatter${count}` };
    expect((await squatter.call('PATCH', '/auth/me', { body })).status).toBe(200);
    const [{ id }] = (await row({ email })) as [{ id: string }];
    return { email, userId: id };
  }

  function row({ email }: { email: string }): Promise<unknown[]> {
    return lab.app.dataSource.getRepository(User).findBy({ emailCanonical: email });
  }

  it('is its owner’s after a reset: address proven, and nothing of the stranger left', async () => {
    const owner = await squatted();
    const browser = await lab.signedIn(owner);
    expect((await lab.reset(await lab.resetToken(owner))).status).toBe(204);
    expect((await browser.get('/whoami')).status).toBe(401);
    expect((await lab.app.client().signIn(owner.email)).status).toBe(401);
    const own = await lab.signedIn(owner, NEW_PASSWORD);
    expect((await own.get('/whoami')).body.emailVerified).toBe(true);
    const [user] = (await row(owner)) as [Record<string, unknown>];
    expect(FIELDS.map((name) => user[name])).toEqual(['New here', null]);
  });

  it('the same when the address is contested', async () => {
    const owner = await squatted();
    await lab.app.dataSource.query(
      `UPDATE auth_accounts SET contested_at = 1, epoch = epoch + 1 WHERE user_id = '${owner.userId}'`,
    );
    expect((await lab.reset(await lab.resetToken(owner))).status).toBe(204);
    const [user] = (await row(owner)) as [Record<string, unknown>];
    expect(FIELDS.map((name) => user[name])).toEqual(['New here', null]);
    const [account] = await lab.app.dataSource.query(
      `SELECT contested_at FROM auth_accounts WHERE user_id = '${owner.userId}'`,
    );
    expect(account.contested_at).toBeNull();
  });

  it('what the owner has set after proving the address stays', async () => {
    const owner = await squatted();
    expect((await lab.reset(await lab.resetToken(owner))).status).toBe(204);
    const own = await lab.signedIn(owner, NEW_PASSWORD);
    const body = { displayName: 'The owner', handle: `owner${count}` };
    expect((await own.call('PATCH', '/auth/me', { body })).status).toBe(200);
    expect((await lab.reset(await lab.resetToken(owner), `${NEW_PASSWORD} once more`)).status).toBe(204);
    const [user] = (await row(owner)) as [Record<string, unknown>];
    expect(FIELDS.map((name) => user[name])).toEqual(['The owner', `owner${count}`]);
  });
});
