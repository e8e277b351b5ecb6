import { Scope, type Type } from '@nestjs/common';
import { SCOPE_OPTIONS_METADATA } from '@nestjs/common/constants.js';
import type { AuthStructure, PassportOptions, RpcOptions, UserColumns } from './auth-options.js';
import { didYouMean } from './did-you-mean.js';
import { field, flag, isRecord, oneOf, optionalText, required, type Field } from './fields.js';
import { Problems } from './problems.js';
import { readGroup } from './read-group.js';

// One or more segments of unreserved characters (RFC 3986 §2.3): nothing that a router reads as a pattern.
const PATH = /^(?:\/[A-Za-z0-9._~-]+)+$/;

const anyList = (complain: (item: unknown) => string | undefined): Field<readonly unknown[]> =>
  field<readonly unknown[]>([], (value) => {
    if (!Array.isArray(value)) return 'must be a list.';
    return (value as unknown[]).map(complain).find((complaint) => complaint !== undefined);
  });

/** Every option that shapes the module. */
export const STRUCTURE_OPTIONS = {
  userEntity: required(
    field<unknown>(undefined, (value) => (isClass(value) ? undefined : 'must be the class of your user entity.')),
    'Give the class of your user entity.',
  ),
  userColumns: field<UserColumns>({}, userColumnsProblem),
  dataSource: optionalText(),
  path: field('/auth', (value) =>
    isPath(value) ? undefined : "must be a path such as '/auth', without a slash at its end.",
  ),
  protect: oneOf('all', ['all', 'marked']),
  publicControllers: anyList((item) =>
    isClass(item) || (typeof item === 'string' && item.trim() !== '') ? undefined : 'takes classes and class names.',
  ),
  imports: anyList((item) => (isClass(item) || isRecord(item) ? undefined : 'takes modules.')),
  overrides: anyList(overrideProblem),
  passport: field<PassportOptions | undefined>(undefined, (value) =>
    isRecord(value) && typeof value['strategy'] === 'string' && value['strategy'].trim() !== ''
      ? undefined
      : "must be an object with the name of a strategy, such as { strategy: 'jwt' }.",
  ),
  rpc: field<RpcOptions | undefined>(undefined, (value) =>
    isRecord(value) && typeof value['accessToken'] === 'function'
      ? undefined
      : 'must be an object with accessToken: a function that finds the token of a message.',
  ),
  context: flag(false),
} satisfies Record<keyof AuthStructure, Field<unknown>>;

/** Whether a key belongs to the structure rather than to the values. */
export function isStructureKey(key: string): key is keyof AuthStructure {
  return Object.hasOwn(STRUCTURE_OPTIONS, key);
}

/** What is wrong with the structure, one line each. */
export function structureProblems(structure: AuthStructure): readonly string[] {
  const problems = new Problems();
  readGroup(STRUCTURE_OPTIONS, structure, '', { problems, refuseEmpty: false });
  return problems.lines;
}

function isClass(value: unknown): value is Type {
  if (typeof value !== 'function') return false;
  const prototype = Object.getOwnPropertyDescriptor(value, 'prototype');
  return prototype !== undefined && isRecord(prototype.value);
}

// Whether a name may be `null`: kept by Gatehouse, or not at all.
const USER_COLUMNS: Readonly<Record<keyof UserColumns, boolean>> = {
  id: false,
  email: false,
  emailCanonical: true,
  passwordHash: true,
  emailVerifiedAt: true,
  createdAt: true,
};

function userColumnsProblem(value: unknown): string | undefined {
  const names = Object.keys(USER_COLUMNS);
  if (!isRecord(value)) return `must be an object that gives properties of your entity to ${names.join(', ')}.`;
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const meant = didYouMean(unknown, names);
    return `has no ${unknown}: ${meant === undefined ? `it takes ${names.join(', ')}.` : `did you mean ${meant}?`}`;
  }
  const wrong = Object.entries(value).find(
    ([name, property]) =>
      property !== undefined &&
      !(property === null && USER_COLUMNS[name as keyof UserColumns]) &&
      (typeof property !== 'string' || property.trim() === ''),
  );
  return wrong === undefined ? undefined : `must give ${wrong[0]} the name of a property of your entity.`;
}

function isPath(value: unknown): boolean {
  return (
    typeof value === 'string' && PATH.test(value) && !value.split('/').some((part) => part === '.' || part === '..')
  );
}

/** A provider made anew for each request would be missing wherever Gatehouse works outside one, the guard included. */
function overrideProblem(item: unknown): string | undefined {
  if (isClass(item)) return scopeProblem(classScope(item));
  if (!isRecord(item) || !('provide' in item)) return 'takes providers: a class, or an object with provide.';
  const ways = ['useClass', 'useValue', 'useFactory', 'useExisting'].filter((way) => item[way] !== undefined);
  if (ways.length !== 1) return 'takes providers with one of useClass, useValue, useFactory and useExisting.';
  return scopeProblem(item['scope'] ?? (isClass(item['useClass']) ? classScope(item['useClass']) : undefined));
}

function classScope(target: Type): unknown {
  const options: unknown = Reflect.getMetadata(SCOPE_OPTIONS_METADATA, target);
  return isRecord(options) ? options['scope'] : undefined;
}

function scopeProblem(scope: unknown): string | undefined {
  return scope === Scope.REQUEST || scope === Scope.TRANSIENT
    ? 'must not be request-scoped or transient: one instance serves the whole application.'
    : undefined;
}
