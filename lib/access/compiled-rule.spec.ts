import { describe, expect, it } from 'vitest';
import type { AccessMark } from './access-mark.js';
import type { AuthRule } from './auth-rule.js';
import { combineRules, stanceOf, type CompiledRule } from './compiled-rule.js';
import { markProblems, stanceProblems } from './rule-problems.js';

const stance = (rules: readonly AuthRule[]) =>
  ({ mode: 'required', rules, duringEnrolment: false, duringImpersonation: false }) as const;
const combined = (rules: readonly AuthRule[], own = false): CompiledRule => combineRules(stance(rules), [], own);
const auth = (rule: object): AccessMark => ({ kind: 'auth', rule });

describe('the marks of all levels', () => {
  it('say nothing but the default where there are none', () => {
    expect(stanceOf('unmarked', [[], []])).toEqual({
      mode: 'unmarked',
      rules: [],
      duringEnrolment: false,
      duringImpersonation: false,
    });
  });

  it('add up, and are lifted by @Public() and @OptionalAuth()', () => {
    const [one, two] = [{ roles: ['a'] }, { fresh: true }];
    expect(stanceOf('public', [[auth(one)], [auth(two)]])).toMatchObject({ mode: 'required', rules: [one, two] });
    for (const kind of ['public', 'optional'] as const) {
      expect(stanceOf('required', [[auth(one), { kind: 'enrolment' }], [{ kind }]])).toMatchObject({
        mode: kind,
        rules: [],
        duringEnrolment: true,
      });
    }
    expect(stanceOf('required', [[{ kind: 'impersonation' }, auth(one)]])).toMatchObject({
      rules: [one],
      duringImpersonation: true,
      duringEnrolment: false,
    });
  });
});

describe('a combined rule', () => {
  it('of nothing asks for nothing', () => {
    expect(combined([{}])).toEqual({
      mode: 'required',
      roles: [],
      permissions: [],
      scopes: [],
      via: undefined,
      verified: false,
      methods: [],
      fresh: false,
      policies: [],
      checksSession: false,
      resource: false,
      duringImpersonation: true,
      duringEnrolment: false,
    });
    expect(Object.isFrozen(combined([]))).toBe(true);
  });

  it('asks for all that each asks for, once', () => {
    const rules: AuthRule[] = [
      { roles: ['a', 'b'], permissions: ['x:r'], scopes: ['s'], methods: ['otp'] },
      { roles: ['c'], permissions: ['x:r', 'x:w'], scopes: ['s', 't'], methods: ['pwd', 'hwk'] },
    ];
    expect(combined(rules)).toMatchObject({
      roles: [['a', 'b'], ['c']],
      permissions: ['x:r', 'x:w'],
      scopes: ['s', 't'],
      methods: [['otp'], ['pwd', 'hwk']],
    });
  });

  it('accepts the credentials that all of them accept', () => {
    expect(combined([{ via: 'bearer' }]).via).toEqual(['bearer']);
    expect(combined([{ via: ['bearer', 'session'] }, {}, { via: ['session', 'api-key'] }]).via).toEqual(['session']);
    expect(combined([{ via: 'bearer' }, { via: 'session' }]).via).toEqual([]);
    expect(combined([], true).via).toEqual(['session', 'bearer']);
    expect(combined([{ via: 'api-key' }], true).via).toEqual(['api-key']);
  });

  it('asks for the session whenever a token alone must not decide', () => {
    for (const rule of [{ fresh: true }, { verified: true }, { methods: ['otp'] }]) {
      expect(combined([rule]).checksSession).toBe(true);
    }
    expect(combined([{ fresh: false, verified: false, roles: ['a'] }]).checksSession).toBe(false);
    expect(combined([], true).checksSession).toBe(true);
    expect(combined([{}, { fresh: true }])).toMatchObject({ fresh: true, verified: false });
    expect(combined([{ verified: true }, {}])).toMatchObject({ fresh: false, verified: true });
  });

  it('reads links where one of them says so', () => {
    expect(combined([{}, { resource: true }]).resource).toBe(true);
    expect(combined([{ resource: false }]).resource).toBe(false);
  });

  it('is open to whoever acts as the user, but for what proves the user, and for what is ours', () => {
    const open = (rules: readonly AuthRule[], own = false, during = false) =>
      combineRules({ ...stance(rules), duringImpersonation: during }, [], own).duringImpersonation;
    expect(open([{ impersonation: true }, {}])).toBe(true);
    for (const rule of [{ impersonation: false }, { fresh: true }, { methods: ['otp'] }]) {
      expect(open([{}, rule])).toBe(false);
      expect(open([rule], false, true)).toBe(false);
    }
    expect(open([], true)).toBe(false);
    expect(open([{ fresh: true }], true, true)).toBe(true);
  });
});

describe('what is wrong with marks', () => {
  it('is a contradiction', () => {
    expect(markProblems([auth({}), { kind: 'public' }, { kind: 'optional' }, auth({})])).toEqual([
      '@Auth() and @Public() and @OptionalAuth() contradict each other: keep one.',
    ]);
    expect(markProblems([auth({}), { kind: 'enrolment' }, { kind: 'impersonation' }])).toEqual([]);
    expect(markProblems([{ kind: 'public' }, { kind: 'public' }])).toEqual([]);
  });

  it.each([
    [{ role: 'a' }, /^@Auth\(\) knows no "role". It knows roles, permissions, scopes, via, methods, resource, /],
    [{ toString: 1 }, /^@Auth\(\) knows no "toString"/],
    [{ roles: undefined }, /^"roles" of @Auth\(\) has no value: leave it out\.$/],
    [{ roles: 'a' }, /^"roles" of @Auth\(\) must be a list of names of roles\.$/],
    [{ roles: [] }, /^"roles" of @Auth\(\) is an empty list, which nobody could meet or everybody/],
    [{ roles: [' a'] }, /must be a list of names of roles/],
    [{ roles: ['a '] }, /must be a list of names of roles/],
    [{ roles: ['a', 7] }, /must be a list of names of roles/],
    [
      { permissions: ['a'] },
      /^"permissions" of @Auth\(\) must be a list of permissions of the form resource:action\.$/,
    ],
    [{ permissions: ['a:b:c'] }, /permissions of the form/],
    [{ permissions: ['!a:b'] }, /permissions of the form/],
    [{ permissions: [':b'] }, /permissions of the form/],
    [{ permissions: ['a:'] }, /permissions of the form/],
    [{ scopes: ['a b'] }, /^"scopes" of @Auth\(\) must be a list of scopes \(RFC 6749 §3\.3\)\.$/],
    [{ scopes: ['a"'] }, /must be a list of scopes/],
    [{ scopes: ['a', ''] }, /must be a list of scopes/],
    [{ via: 'cookie' }, /^"via" of @Auth\(\) must be a list of "session", "bearer", "api-key", "resource"\.$/],
    [{ via: 'xsession' }, /must be a list of "session"/],
    [{ via: 'sessions' }, /must be a list of "session"/],
    [{ via: [] }, /is an empty list/],
    [
      { methods: ['x', 'otp'] },
      /^"methods" of @Auth\(\) names x, and knows pwd, otp, hwk, swk, mfa, email, recovery, oauth\.$/,
    ],
    [{ methods: 'otp' }, /^"methods" of @Auth\(\) must be a list of "pwd", "otp", "hwk"/],
    [{ methods: [7] }, /^"methods" of @Auth\(\) must be a list of "pwd"/],
    [{ methods: [] }, /is an empty list/],
    [{ resource: 'yes' }, /^"resource" of @Auth\(\) must be true or false\.$/],
    [{ impersonation: 1 }, /^"impersonation" of @Auth\(\) must be true or false\.$/],
    [{ fresh: null }, /^"fresh" of @Auth\(\) must be true or false\.$/],
    [{ verified: 0 }, /^"verified" of @Auth\(\) must be true or false\.$/],
    [{ policy: {} }, /^"policy" of @Auth\(\) must be a function or a class that extends AccessPolicy\.$/],
  ])('is %o', (rule, problem) => {
    expect(markProblems([auth(rule)])).toEqual([expect.stringMatching(problem)]);
  });

  it('is none of what is right', () => {
    const rule = {
      roles: ['a', 'two words'],
      permissions: ['a.b-c:d_e'],
      scopes: ['!', 'a:b/~'],
      via: 'api-key',
      methods: ['otp', 'mfa'],
      resource: false,
      impersonation: true,
      fresh: true,
      verified: false,
      policy: () => true,
    };
    expect(markProblems([auth(rule)])).toEqual([]);
    expect(markProblems([auth({ via: ['session', 'bearer', 'resource'] })])).toEqual([]);
  });
});

describe('what is wrong with rules together', () => {
  const problems = (rules: readonly AuthRule[]) => stanceProblems(stance(rules), combined(rules));

  it('is a credential that none leaves, and what a method cannot lift', () => {
    expect(problems([{ via: 'session' }, { via: 'bearer' }])).toEqual([
      'its "via" and that of its class leave no credential.',
    ]);
    expect(problems([{ fresh: true }, { fresh: false }])).toEqual([
      '"fresh: false" cannot lift what its class asks for: remove one of the two.',
    ]);
    expect(problems([{ verified: true }, { verified: false }])).toEqual([
      '"verified: false" cannot lift what its class asks for: remove one of the two.',
    ]);
    expect(problems([{ fresh: false, verified: false }, { via: 'bearer' }])).toEqual([]);
    expect(problems([{ fresh: true, verified: true }, {}])).toEqual([]);
  });
});
