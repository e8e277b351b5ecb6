import type { DataSource, EntityMetadata } from 'typeorm';
import type { UserColumns } from '../options/auth-options.js';
import { didYouMean } from '../options/did-you-mean.js';
import { columnType, isTextType, leavesAlone, type ColumnMetadata } from './column-types.js';
import {
  findColumn,
  isEmbedded,
  USER_COLUMNS,
  type MomentColumn,
  type UserColumn,
  UserColumnMap,
} from './user-column-map.js';
import { isUniqueColumn, USER_ID_LENGTH, UserIdColumn } from './user-id-column.js';

type Driver = DataSource['driver'];

export interface ColumnProblems {
  /** Columns that are not there at all. */
  readonly missing: readonly string[];
  /** Columns that are there and cannot hold what they should. */
  readonly unfit: readonly string[];
}

/** Characters of what `PasswordHasher` stores by default. */
const HASH_LENGTH = 74;
const KEEPABLE: readonly UserColumn[] = ['passwordHash', 'emailVerifiedAt', 'createdAt'];
const NONE: UserColumns = {};

/** What is wrong with the entity's columns, one line each: the property, and the line to change. */
export function userColumnProblems(metadata: EntityMetadata, driver: Driver, given = NONE): ColumnProblems {
  const missing = missingColumns(metadata, given);
  if (missing.length > 0) return { missing, unfit: [] };
  const map = new UserColumnMap(driver, metadata, given);
  const unfit = [
    ...sharedColumns(map),
    ...USER_COLUMNS.flatMap((name) => {
      const column = map.find(name);
      if (column === undefined) return [];
      return complaintsOf(name, column, metadata, driver, map).map(
        (complaint) => `${option(name, given)}: ${metadata.name}.${column.propertyPath} ${complaint}`,
      );
    }),
  ];
  return { missing, unfit };
}

function missingColumns(metadata: EntityMetadata, given: UserColumns): string[] {
  const lost = USER_COLUMNS.filter((name) => {
    if (given[name] === null) return false;
    if (name === 'emailCanonical' && given[name] === undefined) return false;
    return findColumn(metadata, given[name] ?? name) === undefined;
  });
  if (lost.length === 0) return [];
  if (Object.keys(given).length === 0) {
    const columns = lost.join(', ');
    return [
      `userEntity: ${metadata.name} does not extend AuthUser (no column ${columns}). Extend it, or say with userColumns which properties of ${metadata.name} hold them.`,
    ];
  }
  return lost.map((name) => {
    const keep = withoutColumn(name);
    const property = given[name];
    if (typeof property !== 'string') {
      return `userColumns.${name}: ${metadata.name} has no column ${name}. Name the property that holds it${keep}.`;
    }
    if (metadata.columns.some((column) => column.propertyPath === property && isEmbedded(column))) {
      return `userColumns.${name}: ${metadata.name} keeps ${property} in an embedded object, where Gatehouse neither reads nor writes. Declare the column in ${metadata.name} itself and name its property${keep}.`;
    }
    const known = metadata.columns.filter((column) => !isEmbedded(column)).map(({ propertyPath }) => propertyPath);
    const meant = didYouMean(property, known);
    const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
    return `userColumns.${name}: ${metadata.name} has no column ${property}.${hint} Name the property that holds it${keep}.`;
  });
}

/** How to do without a column of one's own. */
function withoutColumn(name: UserColumn): string {
  if (name === 'emailCanonical') return ', or null, and email is the canonical form';
  return KEEPABLE.includes(name) ? ', or null, and Gatehouse keeps it in auth_accounts' : '';
}

function sharedColumns(map: UserColumnMap): string[] {
  return USER_COLUMNS.flatMap((name, index) => {
    const database = map.find(name)?.databaseName;
    const other = USER_COLUMNS.slice(0, index).find((one) => map.find(one)?.databaseName === database);
    if (database === undefined || other === undefined) return [];
    return [`userColumns.${name}: this is the column of ${other}. Name one of its own, or leave it out.`];
  });
}

function complaintsOf(
  name: UserColumn,
  column: ColumnMetadata,
  metadata: EntityMetadata,
  driver: Driver,
  map: UserColumnMap,
): string[] {
  if (name === 'id') return idComplaints(new UserIdColumn(driver, column), metadata);
  const complaints = writeComplaints(name, column);
  if (name === 'emailVerifiedAt' || name === 'createdAt')
    return [...complaints, ...momentComplaints(name, column, map)];
  if (!isTextType(columnType(driver, column))) complaints.push('is no varchar or text: give it one of these types.');
  if (name === 'passwordHash') {
    const length = Number(column.length);
    if (length > 0 && length < HASH_LENGTH) {
      complaints.push(`holds ${length} characters, a password hash has ${HASH_LENGTH}: make it varchar(255).`);
    }
    return [...complaints, ...transformed(column, '$2b$12$wVbXq')];
  }
  if (column === map.canonical && !isUniqueColumn(metadata, column)) {
    const why = name === 'email' ? ' (there is no column for emailCanonical)' : '';
    complaints.push(`tells addresses apart${why} and has no unique index of its own: add @Index({ unique: true }).`);
  }
  return [...complaints, ...transformed(column, 'ada@example.com')];
}

function idComplaints(id: UserIdColumn, metadata: EntityMetadata): string[] {
  const { column, kind } = id;
  if (kind === undefined) {
    return ['is no text, uuid or integer: name a column of one of these types that is unique.'];
  }
  const complaints: string[] = [];
  if (!isUniqueColumn(metadata, column)) {
    complaints.push('is not unique by itself: name the only primary column, or one with a unique index of its own.');
  }
  if (column.isNullable) complaints.push('may be NULL: an id is always there.');
  if (kind === 'integer' && !column.isGenerated) {
    complaints.push('is an integer that nobody generates: declare it with @PrimaryGeneratedColumn().');
  }
  const length = Number(column.length);
  if (kind === 'text' && id.isOurs && length > 0 && length < USER_ID_LENGTH) {
    complaints.push(`holds ${length} characters, a UUID has ${USER_ID_LENGTH}: make it varchar(${USER_ID_LENGTH}).`);
  }
  if (id.isOurs && !leavesAlone(column, '018f4d5c-7d3e-7b7a-9c1e-0242ac120002')) {
    complaints.push('has a transformer that changes ids: remove it.');
  }
  return complaints;
}

function momentComplaints(name: MomentColumn, column: ColumnMetadata, map: UserColumnMap): string[] {
  const known = map.findMomentKind(name);
  if (known === undefined || (known === 'flag' && name === 'createdAt')) {
    const flag = name === 'createdAt' ? '' : ', boolean';
    return [`holds no moment: make it bigint (epoch ms)${flag} or a timestamp, or give userColumns.${name}: null.`];
  }
  const complaints = transformed(column, map.momentValue(name, 1_700_000_000_123));
  if (name === 'emailVerifiedAt' && known !== 'flag' && !column.isNullable) {
    complaints.push('takes no NULL, which is what an unproven address has: make it nullable.');
  }
  return complaints;
}

function writeComplaints(name: UserColumn, column: ColumnMetadata): string[] {
  const fixed = !column.isInsert || (!column.isUpdate && name !== 'createdAt');
  const computed = column.generatedType !== undefined || column.isVirtualProperty || column.relationMetadata;
  return fixed || computed ? ['cannot be written: remove insert: false, update: false, or what computes it.'] : [];
}

function transformed(column: ColumnMetadata, value: unknown): string[] {
  return leavesAlone(column, value) ? [] : ['has a transformer that changes what is stored: remove it.'];
}

function option(name: UserColumn, given: UserColumns): string {
  return given[name] === undefined ? 'userEntity' : `userColumns.${name}`;
}
