import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TokenLab, type Person } from './lab.js';

/** Changes that are under way in a transaction of another instance when a token is claimed. */
const CHANGES: readonly { what: string; sql(person: Person): readonly string[] }[] = [
  {
    what: 'a change of credentials',
    sql: ({ userId }) => [`UPDATE auth_accounts SET epoch = epoch + 1 WHERE user_id = '${userId}'`],
  },
  {
    what: 'disabling',
    sql: ({ userId }) => [`UPDATE auth_accounts SET disabled_at = 1 WHERE user_id = '${userId}'`],
  },
  {
    what: 'a change of address',
    sql: ({ userId }) => [
      `UPDATE auth_accounts SET session_seq = session_seq + 1 WHERE user_id = '${userId}'`,
      `UPDATE users SET email_canonical = 'new-${userId}@example.com' WHERE id = '${userId}'`,
    ],
  },
];

describe.each(['postgres', 'mariadb'] as const)('a token that is overtaken on %s', (database) => {
  let lab: TokenLab;
  beforeAll(async () => {
    lab = await TokenLab.start(database);
  });
  afterAll(() => lab.app.close());

  it.each(CHANGES)('by $what that commits while it is claimed is dead', async ({ sql }) => {
    const person = await lab.newPerson();
    const presented = (await lab.tokens.look('reset-password', await lab.issue(person)))!;
    const other = lab.app.dataSource.createQueryRunner();
    await other.startTransaction('READ COMMITTED');
    for (const statement of sql(person)) await other.query(statement);
    const claiming = lab.claim(presented);
    // It waits for the other transaction, so there is nothing to wait for here but the clock.
    await delay(150);
    await other.commitTransaction();
    await other.release();
    expect(await claiming).toBe(false);
  });

  it.each(CHANGES)('by $what that is rolled back works', async ({ sql }) => {
    const person = await lab.newPerson();
    const presented = (await lab.tokens.look('reset-password', await lab.issue(person)))!;
    const other = lab.app.dataSource.createQueryRunner();
    await other.startTransaction('READ COMMITTED');
    for (const statement of sql(person)) await other.query(statement);
    const claiming = lab.claim(presented);
    await delay(150);
    await other.rollbackTransaction();
    await other.release();
    expect(await claiming).toBe(true);
  });
});
