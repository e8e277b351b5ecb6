import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SessionLab } from '../../test/support/session-lab.js';
import { PASSWORD } from '../../test/support/app.js';
import { Database } from '../database/database.js';
import type { AuthError } from '../errors/auth-error.js';
import { UserTable } from '../users/user-table.js';
import { BreachedPasswords } from './breached-passwords.js';
import { NewPasswords } from './new-passwords.service.js';
import { PasswordHistoryEntry } from './password-history-entry.entity.js';
import { MAX_STORED } from './password-keys.js';

const DEPTH = 2;
const BREACHED = 'seven purple walruses sing';
const DIGEST = createHash('sha1').update(BREACHED).digest('hex').toUpperCase();

/** A look-up that knows one password, and notes what it was asked. */
class OneBreached extends BreachedPasswords {
  readonly asked: string[] = [];

  override async suffixes(prefix: string): Promise<string[]> {
    this.asked.push(prefix);
    return prefix === DIGEST.slice(0, 5) ? [DIGEST.slice(5)] : [];
  }
}

describe.each([0, DEPTH])('a password that an account is about to get, with a history of %i', (history) => {
  let lab: SessionLab;
  let userId: string;
  const breached = new OneBreached();

  beforeAll(async () => {
    lab = await SessionLab.start(
      { passwords: { history }, profile: { fields: v.object({ displayName: v.string() }) } },
      { override: (builder) => builder.overrideProvider(BreachedPasswords).useValue(breached) },
    );
  });
  afterAll(() => lab.close());
  beforeEach(async () => {
    userId = await lab.person();
    breached.asked.length = 0;
  });

  const passwords = (): NewPasswords => lab.app.get(NewPasswords);
  const rulesOf = async (password: string, context?: object): Promise<string[]> =>
    (await passwords().problems(password, context)).map(({ rule }) => rule);
  const entries = (): Promise<PasswordHistoryEntry[]> =>
    lab.app.dataSource.manager.find(PasswordHistoryEntry, { where: { userId }, order: { createdAt: 'ASC' } });
  const hashOf = (): Promise<string | null> =>
    lab.app.get(Database).read((manager) => lab.app.get(UserTable).passwordHashOf(manager, userId));

  async function take(password: string): Promise<string> {
    lab.clock.advance(1);
    const hash = await passwords().prepare(password, { userId });
    await lab.app.get(Database).write((manager) => passwords().store(manager, userId, hash));
    return hash;
  }

  it('is refused for what it had lately, and taken after enough others', async () => {
    const kept = history > 0 ? ['history'] : [];
    expect(await rulesOf(PASSWORD, { userId })).toEqual(kept);
    await take('first purple elephant sings');
    expect(await rulesOf(PASSWORD, { userId })).toEqual(kept);
    expect(await rulesOf('first purple elephant sings', { userId })).toEqual(kept);
    expect(await rulesOf('first purple elephant sings')).toEqual([]);
    await take('second purple elephant sings');
    await take('third purple elephant sings');
    expect(await rulesOf(PASSWORD, { userId })).toEqual([]);
    expect(await rulesOf('first purple elephant sings', { userId })).toEqual(kept);
    expect(await rulesOf('third purple elephant sings', { userId })).toEqual(kept);
    expect(await entries()).toHaveLength(history);
  });

  it('leaves the hash that it replaces in the history, the newest of them', async () => {
    const hashes = [
      await hashOf(),
      await take('first purple elephant sings'),
      await take('second purple elephant sings'),
    ];
    const last = await take('third purple elephant sings');
    expect(await hashOf()).toBe(last);
    const now = lab.clock.now();
    const kept = hashes.slice(1).map((hash, index) => ({ hash, userId, createdAt: now - 1 + index }));
    expect(await entries()).toMatchObject(history > 0 ? kept : []);
  });

  it('keeps nothing that is no hash', async () => {
    const store = (hash: string) => lab.app.get(Database).write((manager) => passwords().store(manager, userId, hash));
    const setHash = (passwordHash: string | null) =>
      lab.app.dataSource.query('UPDATE users SET password_hash = ? WHERE id = ?', [passwordHash, userId]);
    await setHash(null);
    await store('one');
    await setHash('x'.repeat(MAX_STORED + 1));
    await store('two');
    expect(await entries()).toEqual([]);
    await setHash('x'.repeat(MAX_STORED));
    await store('three');
    expect(await entries()).toHaveLength(history > 0 ? 1 : 0);
  });

  it('is looked up among the breached ones when nothing else is wrong with it', async () => {
    expect(await passwords().problems(BREACHED)).toEqual([
      { field: 'password', rule: 'breached', message: expect.stringContaining('breached') },
    ]);
    expect(await rulesOf('a good new password here')).toEqual([]);
    expect(breached.asked).toHaveLength(2);
    breached.asked.length = 0;
    expect(await rulesOf('short')).not.toEqual([]);
    expect(await rulesOf('x'.repeat(5_000))).not.toEqual([]);
    if (history > 0) expect(await rulesOf(PASSWORD, { userId })).toEqual(['history']);
    expect(breached.asked).toEqual([]);
  });

  it('is compared with the words of the account and of the request', async () => {
    const account = 'person-of-the-lab@lab.example';
    expect(await rulesOf(account, { values: [account] })).toContain('context');
    const [{ email }] = await lab.app.dataSource.query('SELECT email FROM users WHERE id = ?', [userId]);
    await lab.app.dataSource.query('UPDATE users SET display_name = ? WHERE id = ?', ['Zebediah Quartermaine', userId]);
    expect(email).toContain('@lab.example');
    expect(await rulesOf('zebediah quartermaine', { userId })).toContain('context');
    expect(await rulesOf('zebediah quartermaine')).not.toContain('context');
  });

  it('is prepared as a hash, or refused with every reason', async () => {
    const error: AuthError = await passwords()
      .prepare('short', { userId })
      .then(
        () => expect.unreachable(),
        (reason: AuthError) => reason,
      );
    expect(error).toMatchObject({ code: 'PASSWORD_REJECTED' });
    expect((error.getResponse() as { details: { rule: string }[] }).details.map(({ rule }) => rule)).toEqual(
      await rulesOf('short'),
    );
    expect(await passwords().prepare('a good new password here', {})).not.toContain('good');
  });
});
