import type { Type } from '@nestjs/common';
import type { DataSource, EntityMetadata } from 'typeorm';
import type { AuthSettings } from '../options/auth-settings.js';
import { declaredFields } from '../options/declared-fields.js';
import { columnType, isTextType, type ColumnMetadata } from './column-types.js';
import { findColumn, USER_COLUMNS, type UserColumnMap } from './user-column-map.js';
import { isUniqueColumn } from './user-id-column.js';

/** What is wrong with options that name columns of the user entity, one line each. */
export function userOptionProblems(
  user: EntityMetadata,
  dataSource: DataSource,
  columns: UserColumnMap,
  settings: AuthSettings,
): string[] {
  return [
    ...identifierProblems(user, dataSource, settings),
    ...shownProblems(user, columns, settings),
    ...writtenProblems(user, columns, settings),
    ...unsetProblems(user, dataSource, columns, settings),
  ];
}

function identifierProblems(user: EntityMetadata, { driver }: DataSource, { identifiers }: AuthSettings): string[] {
  return identifiers.flatMap((name) => {
    if (name === 'email') return [];
    const column = findColumn(user, name);
    if (column === undefined || !isUniqueColumn(user, column)) {
      return [`identifiers: ${user.name}.${name} is no column with a unique index of its own.`];
    }
    // A number or uuid that is compared with any text is an error of the database, or a coercion.
    if (isTextType(columnType(driver, column))) return [];
    return [`identifiers: ${user.name}.${name} is no varchar or text, and whatever is typed is compared with it.`];
  });
}

function shownProblems(user: EntityMetadata, columns: UserColumnMap, { publicUserFields }: AuthSettings): string[] {
  return publicUserFields.flatMap((name) => {
    if (columns.secret.has(name)) return [`publicUserFields: ${name} is never shown.`];
    return findColumn(user, name) ? [] : [`publicUserFields: ${user.name} has no column ${name}.`];
  });
}

function writtenProblems(user: EntityMetadata, columns: UserColumnMap, settings: AuthSettings): string[] {
  const writable = (name: string, option: string): string[] => {
    if (columns.owned.has(name)) return [`${option}: ${name} belongs to Gatehouse and cannot be set.`];
    return findColumn(user, name) ? [] : [`${option}: ${user.name} has no column ${name}.`];
  };
  const defaults = Object.entries(settings.registration.newUserDefaults).flatMap(([name, value]) => {
    const unique = `registration.newUserDefaults: ${name} is unique, so that no second user could be made.`;
    if (value !== null && isInUniqueIndex(user, name)) return [unique];
    return writable(name, 'registration.newUserDefaults');
  });
  const registered = declaredFields(settings.registration.fields).flatMap((name) => {
    const unique = `registration.fields: ${name} is unique, so that registering would tell whether it is taken. Let the signed-in owner choose it: profile.fields.`;
    return isInUniqueIndex(user, name) ? [unique] : writable(name, 'registration.fields');
  });
  const changed = declaredFields(settings.profile.fields).flatMap((name) => writable(name, 'profile.fields'));
  const administered = declaredFields(settings.administration.fields).flatMap((name) =>
    writable(name, 'administration.fields'),
  );
  return [...defaults, ...registered, ...changed, ...administered];
}

/** Columns that take no NULL and that nobody gives a value: every registration would be a 500. */
function unsetProblems(
  user: EntityMetadata,
  dataSource: DataSource,
  columns: UserColumnMap,
  { registration }: AuthSettings,
): string[] {
  const setByCode = user.beforeInsertListeners.length > 0 || dataSource.subscribers.length > 0;
  if (!registration.enabled || setByCode) return [];
  const set = new Set([...Object.keys(registration.newUserDefaults), ...declaredFields(registration.fields)]);
  const filled = new (user.target as Type<Readonly<Record<string, unknown>>>)();
  const written = [...set].flatMap((name) => findColumn(user, name)?.databaseName ?? []);
  const ours = USER_COLUMNS.flatMap((name) => columns.find(name)?.databaseName ?? []);
  return user.columns
    .filter((column) => needsValue(column) && filled[column.propertyPath] === undefined)
    .filter(({ databaseName }) => !written.includes(databaseName) && !ours.includes(databaseName))
    .map(
      ({ propertyPath }) =>
        `registration: ${user.name}.${propertyPath} takes no NULL, has no default, and no registration sets it. Put it into registration.fields or registration.newUserDefaults, give the column a default, or set registration.enabled: false.`,
    );
}

function needsValue(column: ColumnMetadata): boolean {
  const made = column.isGenerated || column.isCreateDate || column.isUpdateDate || column.isVersion;
  const other = column.isDiscriminator || column.isVirtualProperty || column.generatedType !== undefined;
  return !column.isNullable && column.default === undefined && !made && !other && column.isInsert;
}

function isInUniqueIndex(entity: EntityMetadata, property: string): boolean {
  const alone = (columns: readonly ColumnMetadata[]): boolean =>
    columns.length === 1 && columns[0]?.propertyPath === property;
  return (
    entity.indices.some((index) => index.isUnique && alone(index.columns)) ||
    entity.uniques.some((unique) => alone(unique.columns))
  );
}
