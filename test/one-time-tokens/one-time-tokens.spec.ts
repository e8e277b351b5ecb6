import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../lib/database/database.js';
import { TOKEN_LIFE_MS, type TokenPurpose } from '../../lib/one-time-tokens/purposes.js';
import { UserTable } from '../../lib/users/user-table.js';
import { DATABASES, PASSWORD } from '../support/app.js';
import { TokenLab, type Person } from './lab.js';

const MINUTE_MS = 60_000;
const PURPOSES = Object.keys(TOKEN_LIFE_MS) as TokenPurpose[];

it('out-of-band tokens live as long as is documented, those that sign in at most 10 min', () => {
  expect(TOKEN_LIFE_MS).toEqual({
    'verify-email': 1_440 * MINUTE_MS,
    'reset-password': 60 * MINUTE_MS,
    'change-email': 60 * MINUTE_MS,
    'magic-link': 10 * MINUTE_MS,
    unlock: 60 * MINUTE_MS,
  });
});

describe.each(DATABASES)('one-time tokens on %s', (database) => {
  let lab: TokenLab;
  beforeAll(async () => {
    lab = await TokenLab.start(database);
  });
  afterAll(() => lab.app.close());

  async function newToken(purpose?: TokenPurpose): Promise<{ person: Person; token: string }> {
    const person = await lab.newPerson();
    return { person, token: await lab.issue(person, purpose) };
  }

  it('carry 256 random bits, of which the table holds a hash over purpose, id and value', async () => {
    const { person, token } = await newToken();
    expect(token).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
    const [id, secret] = token.split('.');
    const rows = await lab.rows();
    expect(JSON.stringify(rows)).not.toContain(secret);
    const row = rows.find(({ user_id: userId }) => userId === person.userId)!;
    const text = `gatehouse/reset-password/v1\0${id}\0${secret}`;
    expect(row).toMatchObject({ token_id: id, hash: createHash('sha256').update(text).digest('base64url') });
    expect(Buffer.from(secret!, 'base64url')).toHaveLength(32);
  });

  it('work once, after any number of looks', async () => {
    const { person, token } = await newToken();
    for (let times = 0; times < 3; times += 1) {
      const { account } = (await lab.tokens.look('reset-password', token))!;
      expect(account).toMatchObject({ userId: person.userId, email: person.email });
    }
    const before = (await lab.tokens.look('reset-password', token))!;
    expect(await lab.use(token)).toBe(true);
    expect(await lab.tokens.look('reset-password', token)).toBeUndefined();
    expect(await lab.claim(before)).toBe(false);
  });

  it('thirty at once: one is told that it was the one', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { token } = await newToken();
      const presented = (await lab.tokens.look('reset-password', token))!;
      const won = await Promise.all(Array.from({ length: 30 }, () => lab.claim(presented)));
      expect(won.filter(Boolean)).toHaveLength(1);
    }
  });

  it.each(PURPOSES)('%s ends with its time, to the millisecond', async (purpose) => {
    const { token } = await newToken(purpose);
    const presented = (await lab.tokens.look(purpose, token))!;
    lab.clock.advance(TOKEN_LIFE_MS[purpose] - 1);
    expect(await lab.tokens.look(purpose, token)).toBeDefined();
    lab.clock.advance(1);
    expect(await lab.tokens.look(purpose, token)).toBeUndefined();
    expect(await lab.claim(presented)).toBe(false);
  });

  it.each(PURPOSES)('%s is worth nothing for any other purpose', async (purpose) => {
    const { person, token } = await newToken(purpose);
    for (const other of PURPOSES.filter((each) => each !== purpose)) {
      // Of the other purpose the account has a token of its own.
      await lab.issue(person, other);
      expect(await lab.tokens.look(other, token)).toBeUndefined();
      expect(await lab.tokens.ownerOf(other, token)).toBeUndefined();
    }
    expect(await lab.use(token, purpose)).toBe(true);
  });

  it('the hash of one purpose is none of another, though the row were moved', async () => {
    const { person, token } = await newToken('magic-link');
    await lab.app.dataSource.query(
      `UPDATE auth_one_time_tokens SET purpose = 'reset-password' WHERE user_id = '${person.userId}'`,
    );
    expect(await lab.tokens.look('reset-password', token)).toBeUndefined();
  });

  it('the newest of an account and purpose wins, the one before is dead though it was looked at', async () => {
    const { person, token } = await newToken();
    const older = (await lab.tokens.look('reset-password', token))!;
    const newer = await lab.issue(person);
    expect(await lab.tokens.look('reset-password', token)).toBeUndefined();
    expect(await lab.claim(older)).toBe(false);
    expect(await lab.use(newer)).toBe(true);
  });

  it('a used one comes back to life under a new one only as the new one', async () => {
    const { person, token } = await newToken();
    expect(await lab.use(token)).toBe(true);
    const newer = await lab.issue(person);
    expect([await lab.use(token), await lab.use(newer)]).toEqual([false, true]);
  });

  it('tokens of other accounts and purposes are left alone', async () => {
    const { person, token } = await newToken();
    const unlock = await lab.issue(person, 'unlock');
    const { token: foreign } = await newToken();
    expect([await lab.use(token), await lab.use(unlock, 'unlock'), await lab.use(foreign)]).toEqual([true, true, true]);
  });

  const ENDINGS: readonly { what: string; make(person: Person): Promise<unknown> }[] = [
    { what: 'a new password', make: ({ userId }) => lab.accounts.setPassword(userId, `${PASSWORD} anew`) },
    { what: 'disabling', make: ({ userId }) => lab.accounts.disable(userId) },
    {
      what: 'disabling that raises no epoch',
      make: ({ userId }) =>
        lab.app.dataSource.query(`UPDATE auth_accounts SET disabled_at = 1 WHERE user_id = '${userId}'`),
    },
    {
      what: 'disabling and enabling again',
      make: async ({ userId }) => {
        await lab.accounts.disable(userId);
        await lab.accounts.enable(userId);
      },
    },
    { what: 'deletion', make: ({ userId }) => lab.accounts.delete(userId) },
    {
      what: 'another address',
      make: ({ userId, email }) =>
        lab.app
          .get(Database)
          .write((manager) =>
            lab.app.get(UserTable).setEmail(manager, userId, { email: `new-${email}`, instead: email, at: 1 }),
          ),
    },
    {
      what: 'the end of all',
      make: ({ userId }) => lab.app.get(Database).write((manager) => lab.tokens.endAll(manager, userId)),
    },
  ];

  it.each(ENDINGS)('are dead after $what, also for who had looked before', async ({ make }) => {
    const { person, token } = await newToken();
    const before = (await lab.tokens.look('reset-password', token))!;
    await make(person);
    expect(await lab.tokens.look('reset-password', token)).toBeUndefined();
    expect(await lab.claim(before)).toBe(false);
  });

  it('refuse whatever is not one, without an error', async () => {
    const { person, token } = await newToken();
    const [id = '', secret = ''] = token.split('.');
    const { token: other } = await newToken();
    const [otherId = '', otherSecret = ''] = other.split('.');
    const flipped = secret.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
    const swapped = token.replace(/[a-z]/gi, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    );
    const wrong = [
      '',
      '.',
      id,
      `${id}.`,
      `.${secret}`,
      `${id}.${flipped}`,
      `${id}.${otherSecret}`,
      `${otherId}.${secret}`,
      `${token}.`,
      `${token} `,
      ` ${token}`,
      `${token}\n`,
      `${token}\0`,
      `${token}A`,
      token.slice(0, -1),
      swapped,
      `${id}.${'\u{1F600}'.repeat(43)}`,
      `' OR 1=1 --.${secret}`,
      'x'.repeat(100_000),
      person.userId,
    ];
    for (const text of wrong) {
      expect(await lab.tokens.look('reset-password', text), text.slice(0, 80)).toBeUndefined();
      expect(await lab.tokens.ownerOf('reset-password', text), text.slice(0, 80)).toBeUndefined();
    }
    expect(await lab.use(token)).toBe(true);
  });

  it('tell whose a refused one was, for the record, only when it is genuine', async () => {
    const { person, token } = await newToken();
    expect(await lab.use(token)).toBe(true);
    expect(await lab.tokens.ownerOf('reset-password', token)).toBe(person.userId);
    const { token: expired, person: late } = await newToken();
    lab.clock.advance(TOKEN_LIFE_MS['reset-password']);
    expect(await lab.tokens.ownerOf('reset-password', expired)).toBe(late.userId);
  });
});
