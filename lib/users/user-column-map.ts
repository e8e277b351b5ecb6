import type { DataSource, EntityMetadata, ObjectLiteral } from 'typeorm';
import type { UserColumns } from '../options/auth-options.js';
import { OWNED_COLUMNS } from './auth-user.entity.js';
import { momentKind, type ColumnMetadata, type MomentKind } from './column-types.js';
import { UserIdColumn } from './user-id-column.js';

export type UserColumn = keyof UserColumns;
/** Columns that hold a moment. */
export type MomentColumn = 'emailVerifiedAt' | 'createdAt';

export const USER_COLUMNS: readonly UserColumn[] = [
  'id',
  'email',
  'emailCanonical',
  'emailVerifiedAt',
  'passwordHash',
  'createdAt',
];

/** Which property of the application's entity holds what, and how values are written to it and read from it. */
export class UserColumnMap {
  readonly id: UserIdColumn;
  /** Columns whose values Gatehouse keeps in `auth_accounts`. */
  readonly keptByUs: readonly UserColumn[];

  constructor(
    private readonly driver: DataSource['driver'],
    private readonly metadata: EntityMetadata,
    private readonly given: UserColumns,
  ) {
    this.id = new UserIdColumn(driver, this.column('id'));
    this.keptByUs = USER_COLUMNS.filter((name) => name !== 'emailCanonical' && this.find(name) === undefined);
  }

  /** The column in the user table; `undefined` where the table has none. */
  find(name: UserColumn): ColumnMetadata | undefined {
    const property = this.given[name] === undefined ? name : this.given[name];
    return property === null ? undefined : findColumn(this.metadata, property);
  }

  column(name: UserColumn): ColumnMetadata {
    const column = this.find(name);
    if (column === undefined) throw new Error(`${this.metadata.name} has no column for ${name}.`);
    return column;
  }

  property(name: UserColumn): string {
    return this.column(name).propertyPath;
  }

  /** The column whose unique index tells addresses apart. */
  get canonical(): ColumnMetadata {
    return this.find('emailCanonical') ?? this.column('email');
  }

  /** Properties that no request and no option may set: ours, by our names and theirs, and others of the same columns. */
  get owned(): ReadonlySet<string> {
    const ours = new Set(USER_COLUMNS.map((name) => this.find(name)?.databaseName));
    const theirs = this.metadata.columns.filter(({ databaseName }) => ours.has(databaseName));
    return new Set<string>([...OWNED_COLUMNS, ...theirs.map(({ propertyPath }) => propertyPath)]);
  }

  /** Properties that no answer shows. */
  get secret(): ReadonlySet<string> {
    const hidden = [this.find('passwordHash'), this.find('emailCanonical')].map((column) => column?.databaseName);
    const theirs = this.metadata.columns.filter(({ databaseName }) => hidden.includes(databaseName));
    return new Set<string>(['passwordHash', 'emailCanonical', ...theirs.map(({ propertyPath }) => propertyPath)]);
  }

  /** Takes the hash off a loaded user, also where a second property, or one of an embedded object, has its column. */
  withoutHash(user: object): void {
    const hash = this.find('passwordHash')?.databaseName;
    for (const { databaseName, propertyName, embeddedMetadata } of this.metadata.columns) {
      if (databaseName !== hash) continue;
      let owner: ObjectLiteral | undefined = user;
      for (const parent of embeddedMetadata?.parentPropertyNames ?? []) owner = owner?.[parent] as typeof owner;
      delete owner?.[propertyName];
    }
  }

  findMomentKind(name: MomentColumn): MomentKind | undefined {
    const column = this.find(name);
    // In `auth_accounts` it is epoch ms.
    return column === undefined ? 'ms' : momentKind(this.driver, column);
  }

  /** A moment as its column takes it. */
  momentValue(name: MomentColumn, ms: number | null): unknown {
    const kind = this.findMomentKind(name);
    if (kind === 'flag') return ms !== null;
    return kind === 'date' && ms !== null ? new Date(ms) : ms;
  }

  /** Whether a moment has come, by what the database holds. Epoch 0 is nobody's proof, but a common default. */
  hasCome(name: MomentColumn, value: unknown): boolean {
    if (value === null || value === undefined) return false;
    return this.findMomentKind(name) === 'date' || Number(value) > 0;
  }

  /** Epoch ms of what the database holds for a moment; `null` for none, and for a date that is none. */
  momentMs(name: MomentColumn, value: unknown): number | null {
    if (value === null || value === undefined) return null;
    const inMs = this.findMomentKind(name) === 'ms';
    const ms = new Date(inMs ? Number(value) : (value as string | Date)).getTime();
    return Number.isNaN(ms) ? null : ms;
  }

  /** Text of a loaded user's column; `null` where it is empty. */
  textOf(user: object, name: 'email'): string | null {
    const value: unknown = this.column(name).getEntityValue(user);
    return typeof value === 'string' ? value : null;
  }
}

/** The column of a property that is the entity's own, not of one embedded in it: values are read and set by its name. */
export function findColumn({ columns }: EntityMetadata, property: string): ColumnMetadata | undefined {
  return columns.find((column) => column.propertyPath === property && !isEmbedded(column));
}

export function isEmbedded({ embeddedMetadata }: ColumnMetadata): boolean {
  return embeddedMetadata !== undefined;
}
