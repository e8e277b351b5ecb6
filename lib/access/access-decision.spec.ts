import type { ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { Principal } from '../common/principal.js';
import { requirePolicies } from './access-decision.js';

const context = { getClass: () => class Notes {} } as unknown as ExecutionContext;
const somebody = Object.create(Principal.prototype) as Principal;

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
