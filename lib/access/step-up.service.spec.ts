import { describe, expect, it } from 'vitest';
import { principalOf } from '../../test/support/principals.js';
import { settingsOf } from '../../test/support/settings.js';
import { Clock } from '../common/clock.js';
import type { Principal } from '../common/principal.js';
import type { AuthError } from '../errors/auth-error.js';
import type { AuthValues } from '../options/auth-options.js';
import { SecondFactors } from '../second-factors/second-factors.service.js';
import type { UserDirectory } from '../users/user-directory.js';
import { AccountScope } from './account-scope.policy.js';
import { actorOf } from './actor.js';
import { adds, StepUpMethods } from './step-up-methods.js';
import { StepUp } from './step-up.service.js';

class Now extends Clock {
  override now(): number {
    return 2_000;
  }
}

/** An application whose accounts may step up by a code of an authenticator besides. */
class WithCodes extends StepUpMethods {
  override async methodsFor(who: Principal, anyOf: readonly string[]): Promise<readonly string[]> {
    return adds(['otp'], who, anyOf) ? ['code'] : [];
  }
}

function stepUp(values: Partial<AuthValues> = {}, methods = new StepUpMethods()): StepUp {
  const settings = settingsOf(values);
  const factors = new SecondFactors([], undefined as unknown as UserDirectory, settings);
  return new StepUp(methods, factors, settings, new Now());
}

const told = ({ code, body, headers }: AuthError) => ({ code, details: body.details, headers });
const rule = (methods: readonly (readonly string[])[], fresh = false) => ({ methods, fresh });

describe('what a session has proven', () => {
  it('is fresh until the very millisecond', () => {
    const steps = stepUp();
    expect(steps.isMet(rule([], true), principalOf({ freshUntil: 2_001 }))).toBe(true);
    expect(steps.isMet(rule([], true), principalOf({ freshUntil: 2_000 }))).toBe(false);
    expect(steps.isMet(rule([]), principalOf({ freshUntil: 0 }))).toBe(true);
  });

  it('is any one method of every list', () => {
    const steps = stepUp();
    const who = principalOf({ methods: ['pwd', 'otp', 'mfa'], freshUntil: 2_001 });
    expect(steps.hasProven(rule([]), who)).toBe(true);
    expect(steps.hasProven(rule([['hwk', 'otp'], ['pwd']]), who)).toBe(true);
    expect(steps.hasProven(rule([['hwk', 'swk'], ['pwd']]), who)).toBe(false);
    expect(steps.isMet(rule([['otp']], true), who)).toBe(true);
    expect(steps.isMet(rule([['hwk']], true), who)).toBe(false);
  });

  it('is asked for by the methods that would do', async () => {
    const steps = stepUp({ sessions: { fresh: '90s' } });
    const who = principalOf();
    expect(told(await steps.refusal(rule([], true), who))).toEqual({
      code: 'REAUTHENTICATION_REQUIRED',
      details: { methods: ['password'] },
      headers: {},
    });
    const bearer = principalOf({ via: 'bearer' });
    expect((await steps.reauthenticationRequired(bearer)).headers).toEqual({
      'WWW-Authenticate': 'Bearer error="insufficient_user_authentication", max_age="90"',
    });
    const codes = stepUp({}, new WithCodes());
    expect(told(await codes.refusal(rule([['mfa']], true), bearer))).toEqual({
      code: 'SECOND_FACTOR_REQUIRED',
      details: { methods: ['code'] },
      headers: { 'WWW-Authenticate': 'Bearer error="insufficient_user_authentication"' },
    });
  });

  it('cannot be asked for when some part is out of reach', async () => {
    const codes = stepUp({}, new WithCodes());
    expect(told(await codes.refusal(rule([['otp'], ['hwk']]), principalOf()))).toEqual({
      code: 'ENROLMENT_REQUIRED',
      details: undefined,
      headers: {},
    });
    expect((await codes.enrolmentDue(principalOf())).code).toBe('SECOND_FACTOR_REQUIRED');
    expect((await stepUp().enrolmentDue(principalOf())).code).toBe('ENROLMENT_REQUIRED');
  });
});

describe('whoever still has to set up a second factor', () => {
  const closed = { duringEnrolment: false };
  const required = stepUp({ secondFactor: { roles: ['boss'] } });

  it('is let in where that is done, and nowhere else', () => {
    const boss = principalOf({ roles: ['boss'] });
    expect(required.isEnrolled(closed, boss)).toBe(false);
    expect(required.isEnrolled({ duringEnrolment: true }, boss)).toBe(true);
    expect(required.isEnrolled(closed, principalOf({ roles: ['boss'], methods: ['pwd', 'otp', 'mfa'] }))).toBe(true);
    expect(required.isEnrolled(closed, principalOf())).toBe(true);
    expect(stepUp({ secondFactor: 'required' }).isEnrolled(closed, principalOf())).toBe(false);
  });

  it('is neither a machine nor an administrator who acts as the user', () => {
    expect(required.isEnrolled(closed, principalOf({ roles: ['boss'], via: 'api-key' }))).toBe(true);
    expect(required.isEnrolled(closed, principalOf({ roles: ['boss'], impersonatorId: 'a1' }))).toBe(true);
    expect(required.isEnrolled(closed, principalOf({ roles: ['boss'], via: 'bearer' }))).toBe(false);
  });
});

describe('stepping up', () => {
  it('adds what is proven to what has been', () => {
    expect(adds(['otp'], principalOf(), ['mfa'])).toBe(true);
    expect(adds(['otp'], principalOf({ methods: [] }), ['mfa'])).toBe(false);
    expect(adds([], principalOf(), ['pwd'])).toBe(false);
    expect(adds(['pwd', 'swk'], principalOf(), ['swk', 'x'])).toBe(true);
  });

  it('is by the password where there is nothing else', async () => {
    const methods = new StepUpMethods();
    expect(await methods.methodsOf('u1')).toEqual(['password']);
    expect(await methods.methodsFor(principalOf({ methods: ['otp'] }), ['mfa'])).toEqual(['password']);
    expect(await methods.methodsFor(principalOf(), ['mfa'])).toEqual([]);
  });
});

describe('managing the account', () => {
  it('asks tokens for a scope where rights are divided by scopes', () => {
    const divided = new AccountScope(settingsOf({ tokens: { scopes: { notes: 'everyone' } } }));
    const notes = principalOf({ via: 'bearer', scopes: ['notes'] });
    expect(() => divided.allows(notes)).toThrow(
      expect.objectContaining({
        code: 'FORBIDDEN',
        headers: { 'WWW-Authenticate': 'Bearer error="insufficient_scope", scope="account"' },
      }),
    );
    expect(divided.allows(principalOf({ via: 'bearer', scopes: ['account'] }))).toBe(true);
    expect(divided.allows(principalOf())).toBe(true);
    expect(new AccountScope(settingsOf()).allows(notes)).toBe(true);
  });
});

describe('the actor of an event', () => {
  it('is whoever is acted as, and who acts', () => {
    expect(actorOf(principalOf())).toEqual({ actorId: 'u1', sessionId: 's1' });
    expect(actorOf(principalOf())).not.toHaveProperty('impersonatorId');
    expect(actorOf(principalOf({ impersonatorId: 'a1' }))).toEqual({
      actorId: 'u1',
      sessionId: 's1',
      impersonatorId: 'a1',
    });
  });
});
