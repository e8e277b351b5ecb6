import type { AuthRule } from './auth-rule.js';

/** What one decorator says about the class or method it stands on. */
export type AccessMark =
  | { readonly kind: 'auth'; readonly rule: AuthRule }
  | { readonly kind: 'public' }
  | { readonly kind: 'optional' }
  | { readonly kind: 'enrolment' }
  | { readonly kind: 'impersonation' };

/** Whether the mark says who is let in: `@DuringEnrolment()` and `@DuringImpersonation()` alone do not. */
export function saysWho({ kind }: AccessMark): boolean {
  return kind !== 'enrolment' && kind !== 'impersonation';
}

const ACCESS_MARKS = Symbol('gatehouse:access-marks');

/**
 * Writes a mark on a class or a method. On a method it stands on the function and on the name as well: a decorator that
 * swaps the function for a wrapper would otherwise drop the rule without a word.
 */
export function addAccessMark(mark: AccessMark, target: object, key?: string | symbol, method?: unknown): void {
  if (key === undefined) return define(mark, target);
  define(mark, target, key);
  if (typeof method === 'function') define(mark, method);
}

/** Marks that stand on this very class, not on one that it extends. */
export function marksOfClass(type: object): readonly AccessMark[] {
  return own(type);
}

/** Marks of a method, found through the class of the chain that declares it. */
export function marksOfMethod(prototype: object, name: string): readonly AccessMark[] {
  let holder: object | null = prototype;
  while (holder !== null && !Object.hasOwn(holder, name)) holder = Object.getPrototypeOf(holder) as object | null;
  if (holder === null) return [];
  const method: unknown = Object.getOwnPropertyDescriptor(holder, name)?.value;
  return [...new Set([...own(holder, name), ...(typeof method === 'function' ? own(method) : [])])];
}

function define(mark: AccessMark, target: object, key?: string | symbol): void {
  const marks = [...own(target, key), mark];
  if (key === undefined) Reflect.defineMetadata(ACCESS_MARKS, marks, target);
  else Reflect.defineMetadata(ACCESS_MARKS, marks, target, key);
}

function own(target: object, key?: string | symbol): readonly AccessMark[] {
  const found: unknown =
    key === undefined
      ? Reflect.getOwnMetadata(ACCESS_MARKS, target)
      : Reflect.getOwnMetadata(ACCESS_MARKS, target, key);
  return (found as readonly AccessMark[] | undefined) ?? [];
}
