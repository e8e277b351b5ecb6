import { Column, DeleteDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, Argon2PasswordHasher, PasswordHasher } from '../../lib/index.js';
import { beginInspection } from '../../lib/common/inspection.js';
import { BcryptPasswordHasher } from '../../lib/passwords/bcrypt-password-hasher.js';
import { INSTALL_ARGON2 } from '../../lib/passwords/scheme-password-hasher.js';
import { StoredPasswords } from '../../lib/passwords/stored-passwords.service.js';
import { UncheckableHash } from '../../lib/passwords/uncheckable-hash.js';
import { startApp, type TestApp } from '../support/app.js';

const P1 = 'Jq7mW2xTnB5vKc9RzL4hYd8PfS1gAe6UoM3iQtZwCkE';
const BCRYPT = `2b$04$${'a'.repeat(53)}`;
const ARGON2 = `argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$${'b'.repeat(43)}`;
const SCRYPT = `scrypt$ln=10,r=8,p=1$c29tZXNhbHQ$${'c'.repeat(43)}`;

let argon2IsInstalled = true;

class MayLackArgon2 extends BcryptPasswordHasher {
  protected override loadArgon2(): ReturnType<BcryptPasswordHasher['loadArgon2']> {
    return argon2IsInstalled ? super.loadArgon2() : Promise.reject(new UncheckableHash(INSTALL_ARGON2));
  }
}

/** A table of the application that marks who has left, and holds what bcrypt makes but no more. */
@Entity('staff')
class Member {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column({ type: 'varchar', length: 254, unique: true })
  email!: string;

  @Column({ type: 'varchar', length: 100, nullable: true })
  password!: string | null;

  @DeleteDateColumn({ name: 'left_at', type: Date })
  leftAt!: Date | null;
}

/** Looked through again and again, over rows that change: as a start would. */
let app: TestApp;
let stored: StoredPasswords;
const warnings: string[] = [];
const ids: string[] = [];

beforeAll(async () => {
  const note = (...parts: unknown[]): void => void warnings.push(parts.map(String).join(' '));
  app = await startApp({
    hasher: 'real',
    auth: {
      passwords: { cost: 4, pepper: { current: 'p1', keys: { p1: P1 } } },
      overrides: [{ provide: PasswordHasher, useClass: MayLackArgon2 }],
    },
    logger: { log: () => undefined, warn: note, error: () => undefined },
  });
  stored = app.get(StoredPasswords);
  for (let count = 0; count < 8; count += 1) {
    ids.push((await app.get(Accounts).create({ email: `n${count}@example.com` }))!.id);
  }
});
afterAll(() => app.close());
afterEach(async () => {
  argon2IsInstalled = true;
  await app.dataSource.query('UPDATE users SET password_hash = NULL');
  await app.dataSource.query('DELETE FROM auth_password_history');
});

async function users(...hashes: readonly string[]): Promise<void> {
  for (const [index, hash] of hashes.entries()) {
    await app.dataSource.query('UPDATE users SET password_hash = ? WHERE id = ?', [hash, ids[index]]);
  }
}

async function history(...hashes: readonly string[]): Promise<void> {
  for (const [index, hash] of hashes.entries()) {
    await app.dataSource.query(
      "INSERT INTO auth_password_history (id, user_id, hash, created_at) VALUES (?, ?, ?, '2026-01-01 00:00:00')",
      [`0198c0de-0000-7000-8000-00000000000${index}`, ids[index], hash],
    );
  }
}

/** What a start would be refused for, one line each. */
async function problems(): Promise<string[]> {
  const said = await stored.onModuleInit().then(
    () => '',
    (error: Error) => error.message,
  );
  if (said === '') return [];
  expect(said).toContain('stored passwords could not be checked any more.');
  return said.split('\n').filter((line) => /^\W*(?:passwords\.pepper|\d+ passwords)/.test(line));
}

describe('what the stored passwords need', () => {
  it('is nothing where there are none, or nothing but what can be checked', async () => {
    expect(await problems()).toEqual([]);
    await users(
      '',
      `$gatehouse$v=1$${BCRYPT}`,
      `$gatehouse$v=1,p=p1$${BCRYPT}`,
      `$${BCRYPT}`,
      'plain text',
      `$${ARGON2}`,
    );
    await history(`$gatehouse$v=1,p=p1$${ARGON2}`);
    expect(await problems()).toEqual([]);
  });

  it('is every pepper that one of them names, counted by its id over users and history', async () => {
    await users(
      `$gatehouse$v=1,p=a$${BCRYPT}`,
      `$gatehouse$v=1,p=a$${BCRYPT}`,
      `$gatehouse$v=1,p=sixteen-long_id8$${BCRYPT}`,
      `$gatehouse$v=1,p=P1$${BCRYPT}`,
      `$gatehouse$v=1,p=p1$${BCRYPT}`,
      `$gatehouse$v=1,p=toString$${BCRYPT}`,
    );
    await history(`$gatehouse$v=1,p=a$${BCRYPT}`, `$gatehouse$v=1,p=old$${BCRYPT}`);
    const said = (await problems()).sort();
    const lines = [
      [1, 'P1'],
      [3, 'a'],
      [1, 'old'],
      [1, 'sixteen-long_id8'],
      [1, 'toString'],
    ];
    expect(said).toHaveLength(lines.length);
    for (const [amount, id] of lines) {
      const line = `passwords.pepper.keys: ${amount} stored passwords name the pepper ${id}, which is not there. Put it back.`;
      expect(said.filter((text) => text.endsWith(line))).toHaveLength(1);
    }
  });

  it.each(Array.from({ length: 16 }, (_, index) => 'abcdefghijklmnop'.slice(0, index + 1)))(
    'is the pepper %s, of whatever length',
    async (id) => {
      await users(`$gatehouse$v=1,p=${id}$${BCRYPT}`);
      expect(await problems()).toEqual([expect.stringContaining(`the pepper ${id},`)]);
    },
  );

  it('is no pepper where no hash has such a mark', async () => {
    await users(
      `$gatehouse$v=1,p=seventeen-long-id$${BCRYPT}`,
      `$gatehouse$v=1,p=$${BCRYPT}`,
      `$gatehouse$v=2,p=a$${BCRYPT}`,
      ` $gatehouse$v=1,p=a$${BCRYPT}`,
      `$gatehouse$v=1,p=a`,
      `$gatehouse$v=1,p=a b$${BCRYPT}`,
    );
    expect(await problems()).toEqual([]);
  });

  it('is the package of argon2, for as many as have such a hash in whatever form', async () => {
    await users(
      `$${ARGON2}`,
      `$gatehouse$v=1$${ARGON2}`,
      `$gatehouse$v=1,p=p1$${ARGON2}`,
      `$${BCRYPT}`,
      `argon2 ${ARGON2}`,
    );
    await history(`$gatehouse$v=1$${ARGON2}`, `$gatehouse$v=1$${BCRYPT}`);
    expect(await problems()).toEqual([]);
    argon2IsInstalled = false;
    expect(await problems()).toEqual([expect.stringMatching(/\b4 passwords are stored with argon2: install/)]);
    await users('', '', '');
    expect(await problems()).toEqual([expect.stringMatching(/\b1 passwords are stored with argon2: install/)]);
    await app.dataSource.query('DELETE FROM auth_password_history');
    expect(await problems()).toEqual([]);
  });

  it('is told whole, and no count is changed by a start that is refused', async () => {
    await users(`$${BCRYPT}`);
    expect(await problems()).toEqual([]);
    argon2IsInstalled = false;
    await users(`$${SCRYPT}`, `$gatehouse$v=1,p=a$${ARGON2}`);
    expect(await problems()).toHaveLength(2);
    expect(stored.imported).toEqual({ bcrypt: 1, scrypt: 0, argon2: 0 });
  });
});

describe('imported passwords', () => {
  it('are counted by their scheme, among users alone', async () => {
    await users(
      `$${BCRYPT}`,
      `$${BCRYPT.replace('2b', '2y')}`,
      `$${SCRYPT}`,
      `$${ARGON2}`,
      `$${ARGON2.replace('argon2id', 'argon2i')}`,
      `$${ARGON2}`,
      `$gatehouse$v=1$${BCRYPT}`,
      `$2$${BCRYPT}`,
    );
    await history(`$${BCRYPT}`, `$${ARGON2}`);
    expect(await problems()).toEqual([]);
    expect(stored.imported).toEqual({ bcrypt: 2, scrypt: 1, argon2: 3 });
  });
});

describe('stored passwords that cannot be looked through', () => {
  const broken = async (statement: string, mended: string, does: () => Promise<void>): Promise<void> => {
    await app.dataSource.query(statement);
    try {
      await does();
    } finally {
      await app.dataSource.query(mended);
    }
  };

  it('hold up no start for a table that is not there', async () => {
    await users(`$gatehouse$v=1,p=a$${BCRYPT}`);
    await broken('ALTER TABLE users RENAME TO people', 'ALTER TABLE people RENAME TO users', async () => {
      expect(await problems()).toEqual([]);
      expect(stored.imported).toEqual({ bcrypt: 0, scrypt: 0, argon2: 0 });
    });
    expect(warnings.join('\n')).not.toContain('looked through');
  });

  it('hold up no start for a database that does not answer: it is said, once for each table', async () => {
    const lost = await startApp({ hasher: 'real', auth: { passwords: { cost: 4 } } });
    const asked = lost.get(StoredPasswords);
    await lost.dataSource.destroy();
    await expect(asked.onModuleInit()).resolves.toBeUndefined();
    const end = beginInspection({ onlyOptions: false });
    try {
      // A doctor that cannot see says so.
      await expect(asked.onModuleInit()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    } finally {
      end();
      await lost.close().catch(() => undefined);
    }
  });
});

describe('a table of the application', () => {
  const userColumns = { passwordHash: 'password', emailVerifiedAt: null, createdAt: null } as never;
  const staff = (auth: object) =>
    startApp({ hasher: 'real', auth: { userEntity: Member as never, userColumns, ...auth } });

  it('is looked through with those who are marked as deleted', async () => {
    const place = await staff({ passwords: { cost: 4 } });
    const { id } = (await place.get(Accounts).create({ email: 'ada@example.com' }))!;
    await place.dataSource.query("UPDATE staff SET password = ?, left_at = '2026-01-01 00:00:00' WHERE id = ?", [
      `$gatehouse$v=1,p=gone$${BCRYPT}`,
      id,
    ]);
    await expect(place.get(StoredPasswords).onModuleInit()).rejects.toThrow('1 stored passwords name the pepper gone');
    await place.close();
  });

  it('has to hold what the hasher makes', async () => {
    const overrides = [{ provide: PasswordHasher, useClass: Argon2PasswordHasher }];
    await expect(staff({ overrides })).rejects.toThrow(
      /staff\.password holds 100 characters, what PasswordHasher makes has 111: make it varchar\(255\)\./,
    );
  });
});

it('a hasher with texts of its own is not asked about them', async () => {
  class Own extends PasswordHasher {
    override hash(password: string): Promise<string> {
      return Promise.resolve(`own:${password.length}`);
    }

    override verify(): Promise<boolean> {
      return Promise.resolve(false);
    }

    override needsRehash(): boolean {
      return false;
    }
  }
  const other = await startApp({ hasher: 'real', auth: { overrides: [{ provide: PasswordHasher, useClass: Own }] } });
  await other.get(Accounts).create({ email: 'ada@example.com' });
  await other.dataSource.query('UPDATE users SET password_hash = ?', [`$gatehouse$v=1,p=a$${BCRYPT}`]);
  await expect(other.get(StoredPasswords).onModuleInit()).resolves.toBeUndefined();
  await other.dataSource.query('UPDATE users SET password_hash = ?', [`$${BCRYPT}`]);
  await other.get(StoredPasswords).onModuleInit();
  expect(other.get(StoredPasswords).imported).toEqual({ bcrypt: 0, scrypt: 0, argon2: 0 });
  await other.close();
});
