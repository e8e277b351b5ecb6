import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../lib/database/database.js';
import { SessionCache } from '../../lib/sessions/session-cache.js';
import { SessionRenewal } from '../../lib/sessions/session-renewal.js';
import { RecoveryLab } from './kit.js';

describe.each(['postgres', 'mariadb'] as const)('a session that is renewed on %s', (database) => {
  let lab: RecoveryLab;
  beforeAll(async () => {
    lab = await RecoveryLab.start({ database });
  });
  afterAll(() => lab.close());

  it('ends as it was: of thirty renewals at once one makes the successor, and the old cookie is dead', async () => {
    const owner = await lab.newPerson();
    const browser = await lab.signedIn(owner);
    const { id } = (await browser.get('/auth/sessions')).body.items[0];
    const renewed = await Promise.all(
      Array.from({ length: 30 }, () =>
        lab.app
          .get(SessionCache)
          .change([owner.userId], () =>
            lab.app
              .get(Database)
              .write((manager) => lab.app.get(SessionRenewal).renew(manager, { userId: owner.userId, sessionId: id })),
          ),
      ),
    );
    expect(renewed.filter((session) => session !== undefined)).toHaveLength(1);
    expect((await browser.get('/whoami')).status).toBe(401);
  });

  const ENDINGS = [
    { what: 'a reset', column: 'epoch = epoch + 1' },
    { what: 'disabling', column: 'disabled_at = 1' },
  ];

  describe.each(ENDINGS)('while $what is about to commit', ({ column }) => {
    it.each([
      { how: 'alone', withChange: false },
      { how: 'with a change of the password', withChange: true },
    ])('ends with the others, renewed $how', async ({ withChange }) => {
      const owner = await lab.newPerson();
      const thief = await lab.signedIn(owner);
      const { id } = (await thief.get('/auth/sessions')).body.items[0];
      const other = lab.app.dataSource.createQueryRunner();
      await other.startTransaction('READ COMMITTED');
      await other.query(`UPDATE auth_accounts SET ${column} WHERE user_id = '${owner.userId}'`);
      let changed = false;
      const change = withChange ? (): Promise<void> => Promise.resolve(void (changed = true)) : undefined;
      const renewing = lab.app
        .get(Database)
        .write((manager) =>
          lab.app.get(SessionRenewal).renew(manager, { userId: owner.userId, sessionId: id, method: 'pwd' }, change),
        );
      // It waits for the other transaction, so there is nothing to wait for here but the clock.
      await delay(150);
      await other.commitTransaction();
      await other.release();
      expect(await renewing).toBeUndefined();
      expect(changed).toBe(false);
      const rows = await lab.app.dataSource.query(`SELECT id FROM auth_sessions WHERE user_id = '${owner.userId}'`);
      expect(rows).toHaveLength(1);
    });
  });
});
