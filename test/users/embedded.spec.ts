import type { Type } from '@nestjs/common';
import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { authEntities, AuthModule, type AuthOptions, type UserColumns } from '../../lib/index.js';
import { closeAfterEach, refusal, sqlite, VALUES } from '../module/kit.js';
import { register, startOver } from './kit.js';
import { PEOPLE, Person } from './tables.js';

closeAfterEach();

class Credentials {
  @PrimaryGeneratedColumn()
  no!: number;

  @Column({ type: 'varchar', length: 254 })
  @Index({ unique: true })
  address!: string;

  @Column({ type: 'varchar', length: 254 })
  @Index({ unique: true })
  lower!: string;

  @Column({ type: 'varchar', length: 255, nullable: true })
  hash!: string | null;

  @Column({ type: Boolean })
  proven!: boolean;

  @Column({ type: 'bigint' })
  made!: string;
}

@Entity('holders', { synchronize: false })
class Holder {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 254, unique: true })
  email!: string;

  @Column(() => Credentials)
  credentials!: Credentials;
}

const KEPT = { passwordHash: null, emailVerifiedAt: null, createdAt: null } as const satisfies UserColumns;

function said(userColumns: UserColumns, more: Partial<AuthOptions<object>> = {}): Promise<string> {
  const userEntity: Type<object> = Holder;
  const registration = { enabled: false };
  const database = [sqlite({ autoLoadEntities: false, entities: authEntities({ userEntity }), synchronize: false })];
  const auth = { userEntity, ...VALUES, registration, userColumns: { ...KEPT, ...userColumns }, ...more };
  return refusal({ database, imports: [AuthModule.forRoot(auth)] });
}

describe('properties of an embedded object', () => {
  it.each<[keyof UserColumns, string, string]>([
    ['id', 'no', '.'],
    ['email', 'address', '.'],
    ['emailCanonical', 'lower', ', or null, and email is the canonical form.'],
    ['passwordHash', 'hash', ', or null, and Gatehouse keeps it in auth_accounts.'],
    ['emailVerifiedAt', 'proven', ', or null, and Gatehouse keeps it in auth_accounts.'],
    ['createdAt', 'made', ', or null, and Gatehouse keeps it in auth_accounts.'],
  ])('are no %s: the start is refused, with the line to change', async (name, property, way) => {
    expect(await said({ [name]: `credentials.${property}` })).toContain(
      `userColumns.${name}: Holder keeps credentials.${property} in an embedded object, where Gatehouse neither reads nor writes. Declare the column in Holder itself and name its property${way}`,
    );
  });

  it('are nothing that requests write, answers show or people sign in with', async () => {
    const fields = v.object({ 'credentials.hash': v.optional(v.string()) });
    const registration = { enabled: false, fields, newUserDefaults: { 'credentials.hash': null } };
    const written = await said(KEPT, { profile: { fields }, registration });
    for (const option of ['profile.fields', 'registration.fields', 'registration.newUserDefaults']) {
      expect(written).toContain(`${option}: Holder has no column credentials.hash`);
    }
    const named = { publicUserFields: ['credentials.hash'], identifiers: ['email', 'credentials.lower'] };
    const refused = await said(KEPT, named);
    expect(refused).toContain('publicUserFields[0]: must be the name of a property');
    expect(refused).toContain('identifiers[1]: must be the name of a property');
  });
});

class Copy {
  @Column({ name: 'pwd_hash', type: 'varchar', length: 100, insert: false, update: false })
  hash!: string;
}

@Entity('people', { synchronize: false })
class Twice extends Person {
  @Column({ name: 'pwd_hash', type: 'varchar', length: 100, insert: false, update: false })
  legacyHash!: string;

  @Column(() => Copy, { prefix: '' })
  copy!: Copy;
}

it('the hash is taken off the entity under every property of its column', async () => {
  const app = await startOver({ ...PEOPLE, entity: Twice }, { database: 'sqlite', store: 'memory' });
  await register(app, PEOPLE, 'ada@example.com');
  const client = app.client();
  await client.signIn('ada@example.com');
  const { text, body } = await client.get('/entity');
  expect(body).toMatchObject({ class: 'Twice', mail: 'ada@example.com' });
  expect(text).not.toContain('$test$');
});
