import type { Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  Column,
  Entity,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type ColumnOptions,
  type PrimaryColumnOptions,
} from 'typeorm';
import { authEntities, AuthModule, type AuthOptions, type UserColumns } from '../../lib/index.js';
import { refusal, sqlite, VALUES } from '../module/kit.js';
import { serverOptions, type DatabaseKind } from '../support/app.js';
import { mariadbUrl, postgresUrl } from '../support/services.js';

export const text = (length: number, more: ColumnOptions = {}): ColumnOptions => ({ type: 'varchar', length, ...more });
export const unique = text(254, { unique: true });

/** A user entity with these columns, whose id the database makes unless it is among them. */
export function userWith(columns: Readonly<Record<string, ColumnOptions>>): Type {
  class Person {}
  if (columns['id'] === undefined) PrimaryGeneratedColumn()(Person.prototype, 'id');
  for (const [name, options] of Object.entries(columns)) {
    const column = options.primary === true ? PrimaryColumn(options as PrimaryColumnOptions) : Column(options);
    column(Person.prototype, name);
  }
  // Two properties of one column cannot be made.
  const synchronize = Object.values(columns).every(({ name }) => name === undefined);
  Entity('people', { synchronize })(Person);
  return Person;
}

export const KEPT = { passwordHash: null, emailVerifiedAt: null, createdAt: null } as const satisfies UserColumns;
export const GOOD = { email: unique } as const;

/** What the start says of a user entity with these columns; an empty text when it does not refuse. */
export async function said(
  columns: Readonly<Record<string, ColumnOptions>>,
  userColumns: UserColumns | undefined,
  more: Partial<AuthOptions<object>> = {},
  database: DatabaseKind = 'sqlite',
): Promise<string> {
  const userEntity = userWith(columns);
  const entities = authEntities({ userEntity });
  const options = { autoLoadEntities: false, entities, synchronize: true, retryAttempts: 0 };
  const source =
    database === 'sqlite'
      ? sqlite(options)
      : TypeOrmModule.forRoot({
          ...serverOptions(database === 'postgres' ? await postgresUrl() : await mariadbUrl()),
          ...options,
        });
  const auth = { userEntity, ...VALUES, ...(userColumns && { userColumns }), ...more };
  return refusal({ database: [source], imports: [AuthModule.forRoot(auth)] });
}
