import { BadRequestException, Logger, type ExecutionContext } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import { principalOf } from '../../test/support/principals.js';
import { Principal, type PrincipalFields } from '../common/principal.js';
import type { AuthError } from '../errors/auth-error.js';
import { requirePolicies, requireRule } from './access-decision.js';
import type { AuthRule } from './auth-rule.js';
import { combineRules } from './compiled-rule.js';

const context = { getClass: () => class Notes {} } as unknown as ExecutionContext;
const somebody = Object.create(Principal.prototype) as Principal;

describe('requireRule', () => {
  it('lets a link in where the rule reads one, and nowhere else, though another operation of the request has read it', () => {
    const stance = { mode: 'required', duringEnrolment: false, duringImpersonation: false } as const;
    const link = Principal.of({
      userId: 'u1',
      via: 'resource',
      sessionId: 's1',
      roles: [],
      permissions: [],
      scopes: [],
      emailVerified: true,
      methods: [],
      authenticatedAt: 0,
      freshUntil: 0,
      expiresAt: 1,
      impersonatorId: undefined,
    } satisfies PrincipalFields);
    const files = combineRules({ ...stance, rules: [{ resource: true }] }, [], false);
    const notes = combineRules({ ...stance, rules: [{}] }, [], false);
    expect(() => requireRule(files, link)).not.toThrow();
    expect(() => requireRule(notes, link)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
  });

  const rule = (...rules: AuthRule[]) =>
    combineRules({ mode: 'required', duringEnrolment: false, duringImpersonation: false, rules }, [], false);
  const refusal = (asked: AuthRule | AuthRule[], who: Partial<PrincipalFields> = {}): AuthError | undefined => {
    try {
      requireRule(rule(...[asked].flat()), principalOf(who));
      return undefined;
    } catch (error) {
      return error as AuthError;
    }
  };
  const acted = { impersonatorId: 'a1' };

  it.each<[AuthRule | AuthRule[], Partial<PrincipalFields>, Partial<PrincipalFields>, string]>([
    [{ impersonation: false }, {}, acted, 'IMPERSONATION_FORBIDDEN'],
    [{ via: 'session' }, {}, { via: 'bearer' }, 'FORBIDDEN'],
    [{ verified: true }, { emailVerified: true }, {}, 'EMAIL_NOT_VERIFIED'],
    [{ roles: ['a', 'b'] }, { roles: ['b'] }, { roles: ['c'] }, 'FORBIDDEN'],
    [[{ roles: ['a'] }, { roles: ['b'] }], { roles: ['a', 'b'] }, { roles: ['a'] }, 'FORBIDDEN'],
    [{ permissions: ['x:r', 'x:w'] }, { permissions: ['x:*'] }, { permissions: ['x:r'] }, 'FORBIDDEN'],
    [{ roles: ['a'], permissions: ['x:r'] }, { roles: ['a'], permissions: ['*'] }, { roles: ['a'] }, 'FORBIDDEN'],
    [{ scopes: ['s', 't'] }, {}, { scopes: ['s'] }, 'FORBIDDEN'],
  ])('%o lets %o in and not %o', (asked, good, bad, code) => {
    expect(refusal(asked, good)).toBeUndefined();
    expect(refusal(asked, bad)?.code).toBe(code);
  });

  it('tells a client of bearer tokens which scopes to ask for, and nobody else', () => {
    const scopes = ['s', 't'];
    expect(refusal({ scopes }, { via: 'bearer', scopes: [] })?.headers).toEqual({
      'WWW-Authenticate': 'Bearer error="insufficient_scope", scope="s t"',
    });
    expect(refusal({ scopes }, { via: 'api-key', scopes: [] })?.headers).toEqual({});
    expect(refusal({ roles: ['x'], scopes }, { via: 'bearer', scopes: [] })?.headers).toEqual({});
  });
});

describe('requirePolicies', () => {
  it('refuses when a policy never answers', async () => {
    const waiting = requirePolicies([() => new Promise<boolean>(() => undefined)], somebody, context, 20);
    await expect(waiting).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('refuses when a policy fails after its deadline, without an unhandled rejection', async () => {
    const late = () => new Promise<boolean>((_, reject) => setTimeout(() => reject(new Error('late')), 40));
    await expect(requirePolicies([late], somebody, context, 10)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await new Promise((resolve) => setTimeout(resolve, 60));
  });

  it('lets exceptions of a policy through, and tells of other failures alone', async () => {
    const error = vi.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    const own = new BadRequestException();
    await expect(requirePolicies([() => Promise.reject(own)], somebody, context)).rejects.toBe(own);
    expect(error).not.toHaveBeenCalled();
    const cause = new Error('down');
    const failing = () => {
      throw cause;
    };
    await expect(requirePolicies([failing], somebody, context)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      headers: { 'Retry-After': '1' },
      cause,
    });
    expect(error).toHaveBeenLastCalledWith('A policy of Notes failed, so the request is refused.', cause.stack);
    const noError: any = 'x';
    const throwing = async (): Promise<boolean> => {
      throw noError;
    };
    await expect(requirePolicies([throwing], somebody, context)).rejects.toBeDefined();
    expect(error).toHaveBeenLastCalledWith(expect.any(String), 'It threw something that is no Error.');
    error.mockRestore();
  });

  it('allows by true alone', async () => {
    for (const answer of [1, 'true', {}, undefined] as unknown as boolean[]) {
      await expect(requirePolicies([() => answer], somebody, context)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    await requirePolicies([(who, asked) => who === somebody && asked === context], somebody, context);
  });

  it('asks all, in order, and stops at the first refusal', async () => {
    const asked: number[] = [];
    const answering = (index: number, answer: boolean) => () => {
      asked.push(index);
      return answer;
    };
    const policies = [answering(1, true), answering(2, false), answering(3, true)];
    await expect(requirePolicies(policies, somebody, context)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(asked).toEqual([1, 2]);
  });
});
