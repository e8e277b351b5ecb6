import { describe, expect, it } from 'vitest';
import { budgetTableMarkdown, spelledDuration } from './budget-table.js';
import { ATTEMPT_BUDGETS } from './budgets.js';

describe('the budget table', () => {
  it('prints what is documented', () => {
    expect(budgetTableMarkdown().split('\n').slice(2)).toEqual([
      '| `register` | address | 20 | 1 h | refuse |',
      '| `signedInReads` | session | 120 | 1 min | refuse |',
      '| `signedInWrites` | session | 60 | 1 min | refuse |',
      '| `tokenRefresh` | session | 60 | 1 min | refuse |',
      '| `passwordForgot` | address | 20 | 1 h | refuse |',
      '| `verifyRequest` | address | 20 | 1 h | refuse |',
      '| `magicLinkRequest` | address | 20 | 1 h | refuse |',
      '| `emailCodeRequest` | address | 20 | 1 h | refuse |',
      '| `confirm` | address | 60 | 1 min | refuse |',
      '| `oauthStart` | address | 30 | 1 min | refuse |',
      '| `apiKeyLookUp` | address | 300 | 1 min | refuse |',
      '| `anonymous` | address | 300 | 1 min | refuse |',
      '| `mailByAccount` | account | 5 | 1 h | silent |',
      '| `passwordByAccount` | account | 5 | 15 min, then locked for 1 min, doubling to 1 h | refuse |',
      '| `passwordByAddress` | address | 20 | refills 1 in 1 min | refuse |',
      '| `passwordByDevice` | device | 5 | 15 min, then the cookie is ignored for 15 min | silent |',
      '| `codeByChallenge` | challenge | 5 | 10 min, then locked for 10 min | refuse |',
      '| `reauthenticationByAccount` | account | 3 | 5 min, then locked for 15 min | refuse |',
      '| `secondFactorByChallenge` | challenge | 5 | 5 min, then locked for 5 min | refuse |',
      '| `secondFactorByAccount` | account | 10 | 15 min, then locked for 15 min | refuse |',
      '| `secondFactorByAccountDaily` | account | 30 | 1 d, then locked for 1 h, doubling to 1 d | refuse |',
      '| `failedInRow` | account | 100 | until a complete sign-in, reset or unlock | silent |',
    ]);
  });

  it.each(['passwordByAccount', 'secondFactorByAccountDaily'] as const)(
    'remembers rounds of %s longer than the longest lock',
    (name) => {
      const { roundsRememberedMs, maxLockMs } = ATTEMPT_BUDGETS[name];
      expect(roundsRememberedMs).toBeGreaterThan(maxLockMs);
    },
  );

  it.each([
    [250, '250 ms'],
    [90_000, '90 s'],
    [60_000, '1 min'],
    [86_400_000, '1 d'],
  ])('spells %d ms as %s', (ms, text) => {
    expect(spelledDuration(ms)).toBe(text);
  });
});
