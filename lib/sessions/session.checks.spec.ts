import { describe, expect, it } from 'vitest';
import { settingsOf } from '../../test/support/settings.js';
import type { AuthValues } from '../options/auth-options.js';
import { SessionChecks } from './session.checks.js';

const outcome = (values: Partial<AuthValues> = {}) => new SessionChecks(settingsOf(values)).checks()[0]!.run();

describe('how long one sign-in lasts', () => {
  it('is asked by one check', () => {
    expect(new SessionChecks(settingsOf()).checks()).toEqual([
      {
        id: 'sessions.lifetime',
        title: 'Everybody signs in again within 30 days',
        area: 'sessions',
        severity: 'warn',
        source: 'ASVS 5.0 V7.3.2, NIST SP 800-63B-4 §2.1.3',
        run: expect.any(Function),
      },
    ]);
  });

  it('is good by default, and at 30 days', () => {
    expect(outcome()).toEqual({ status: 'passed' });
    expect(outcome({ sessions: { absolute: '30d', rememberAbsolute: '30d' } })).toEqual({ status: 'passed' });
  });

  it('is a finding above that, for each option by its days', () => {
    expect(outcome({ sessions: { rememberAbsolute: '721h' }, tokens: { refreshAbsolute: '45d' } })).toEqual({
      status: 'finding',
      evidence: { 'sessions.rememberAbsolute.days': 31, 'tokens.refreshAbsolute.days': 45 },
      change:
        "Set sessions.rememberAbsolute and tokens.refreshAbsolute to '30d' or less: a stolen device stays signed in as long.",
    });
    expect(outcome({ sessions: { absolute: '31d', rememberAbsolute: '31d' } })).toMatchObject({
      evidence: { 'sessions.absolute.days': 31, 'sessions.rememberAbsolute.days': 31 },
    });
  });
});
