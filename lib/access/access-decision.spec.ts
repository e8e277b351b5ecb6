import type { ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { Principal, type PrincipalFields } from '../common/principal.js';
import { requirePolicies, requireRule } from './access-decision.js';
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
