import type { Type } from '@nestjs/common';
import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import * as v from 'valibot';
import type { UserColumns } from '../../lib/index.js';
import type { AppSetup, DatabaseKind } from '../support/app.js';

// None of them is made or altered by TypeORM: the tables are there before the application is.
const THERE = { synchronize: false };

@Entity('people', THERE)
export class Person {
  @PrimaryGeneratedColumn({ name: 'person_id' })
  personId!: number;

  @Column({ type: 'varchar', length: 120, unique: true })
  mail!: string;

  @Column({ name: 'pwd_hash', type: 'varchar', length: 100 })
  pwdHash!: string;

  @Column({ type: Boolean })
  verified!: boolean;

  @Column({ type: Date })
  created!: Date;

  @Column({ name: 'full_name', type: 'varchar', length: 60 })
  fullName!: string;

  @Column({ type: 'varchar', length: 20, unique: true, nullable: true })
  phone!: string | null;
}

@Entity('members', THERE)
export class Member {
  @PrimaryGeneratedColumn({ name: 'no', type: 'bigint' })
  no!: string;

  @Column({ type: 'varchar', length: 254, unique: true })
  email!: string;

  @Column({ type: 'varchar', length: 255, nullable: true })
  password!: string | null;
}

@Entity('clients', THERE)
export class Client {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column({ type: 'varchar', length: 254 })
  address!: string;

  @Column({ name: 'address_lower', type: 'varchar', length: 254, unique: true })
  addressLower!: string;

  @Column({ name: 'verified_on', type: Date, nullable: true })
  verifiedOn!: Date | null;

  @Column({ name: 'created_ms', type: 'bigint' })
  createdMs!: string;

  @Column({ name: 'secret', type: 'varchar', length: 255, nullable: true })
  secret!: string | null;
}

/** Nothing but an address: all the rest is kept in `auth_accounts`. */
@Entity('contacts', THERE)
export class Contact {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  key!: string;

  @Column({ type: 'varchar', length: 254, unique: true })
  mail!: string;
}

export interface Legacy {
  readonly entity: Type;
  readonly table: string;
  readonly userColumns: UserColumns;
  /** Columns of its id and its address. */
  readonly id: string;
  readonly mail: string;
  /** Where the hash is. */
  readonly hash: readonly [table: string, column: string];
  readonly ddl: (database: DatabaseKind) => string;
  readonly auth: NonNullable<AppSetup['auth']>;
  /** What a registration sends beside address and password. */
  readonly body: Readonly<Record<string, unknown>>;
  /** How its ids look. */
  readonly idForm: RegExp;
}

const byDatabase = (sqlite: string, postgres: string, mariadb: string) => (kind: DatabaseKind) =>
  ({ sqlite, postgres, mariadb })[kind];

const intId = byDatabase(
  'INTEGER PRIMARY KEY',
  'integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
  'int AUTO_INCREMENT PRIMARY KEY',
);
const bigId = byDatabase('INTEGER PRIMARY KEY', 'bigserial PRIMARY KEY', 'bigint AUTO_INCREMENT PRIMARY KEY');
const uuidId = byDatabase(
  'varchar PRIMARY KEY',
  'uuid PRIMARY KEY DEFAULT gen_random_uuid()',
  'uuid PRIMARY KEY DEFAULT uuid()',
);
const moment = byDatabase('datetime', 'timestamp', 'datetime(6)');

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const PEOPLE: Legacy = {
  entity: Person,
  table: 'people',
  userColumns: {
    id: 'personId',
    email: 'mail',
    emailCanonical: null,
    passwordHash: 'pwdHash',
    emailVerifiedAt: 'verified',
    createdAt: 'created',
  },
  id: 'person_id',
  mail: 'mail',
  hash: ['people', 'pwd_hash'],
  ddl: (kind) => `CREATE TABLE people (person_id ${intId(kind)}, mail varchar(120) NOT NULL UNIQUE,
    pwd_hash varchar(100) NOT NULL DEFAULT '', verified boolean NOT NULL DEFAULT false, created ${moment(kind)} NOT NULL,
    full_name varchar(60) NOT NULL, phone varchar(20) UNIQUE)`,
  auth: {
    registration: { fields: v.strictObject({ fullName: v.pipe(v.string(), v.minLength(2)) }) },
    profile: { fields: v.strictObject({ fullName: v.optional(v.string()), phone: v.optional(v.string()) }) },
    publicUserFields: ['fullName', 'phone'],
    identifiers: ['email', 'phone'],
  },
  body: { fullName: 'Ada Lovelace' },
  idForm: /^[1-9]\d*$/,
};

export const MEMBERS: Legacy = {
  entity: Member,
  table: 'members',
  userColumns: { id: 'no', passwordHash: 'password', emailVerifiedAt: null, createdAt: null },
  id: 'no',
  mail: 'email',
  hash: ['members', 'password'],
  ddl: (kind) =>
    `CREATE TABLE members (no ${bigId(kind)}, email varchar(254) NOT NULL UNIQUE, password varchar(255) NULL)`,
  auth: {},
  body: {},
  idForm: /^[1-9]\d*$/,
};

export const CLIENTS: Legacy = {
  entity: Client,
  table: 'clients',
  userColumns: {
    email: 'address',
    emailCanonical: 'addressLower',
    emailVerifiedAt: 'verifiedOn',
    createdAt: 'createdMs',
    passwordHash: 'secret',
  },
  id: 'id',
  mail: 'address_lower',
  hash: ['clients', 'secret'],
  ddl: (kind) => `CREATE TABLE clients (id ${uuidId(kind)}, address varchar(254) NOT NULL,
    address_lower varchar(254) NOT NULL UNIQUE, verified_on ${moment(kind)} NULL, created_ms bigint NOT NULL,
    secret varchar(255) NULL)`,
  auth: {},
  body: {},
  idForm: UUID,
};

export const CONTACTS: Legacy = {
  entity: Contact,
  table: 'contacts',
  userColumns: { id: 'key', email: 'mail', passwordHash: null, emailVerifiedAt: null, createdAt: null },
  id: 'key',
  mail: 'mail',
  hash: ['auth_accounts', 'password_hash'],
  ddl: (kind) =>
    `CREATE TABLE contacts (${kind === 'mariadb' ? '`key`' : '"key"'} varchar(36) PRIMARY KEY, mail varchar(254) NOT NULL UNIQUE)`,
  auth: {},
  body: {},
  idForm: UUID,
};

export const LEGACY: readonly Legacy[] = [PEOPLE, MEMBERS, CLIENTS, CONTACTS];
