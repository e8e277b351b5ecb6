import { describe, expect, it } from 'vitest';
import {
  DISABLED_PASSES,
  epochModel,
  OLD_PASSES,
  REVIVED,
  RULES,
  WRITTEN_BACK,
  type EpochRules,
} from './epoch.model.js';
import { explore, told } from './explore.js';

/** Each takes one defence away. */
const TWINS: readonly { what: string; breaks: readonly string[]; rules: Partial<EpochRules> }[] = [
  { what: 'keeps the epoch at a new password', breaks: [OLD_PASSES], rules: { raisesAtPassword: false } },
  { what: 'keeps the epoch at disabling', breaks: [REVIVED], rules: { raisesAtDisable: false } },
  {
    what: 'reads the epoch after the proof',
    breaks: [OLD_PASSES, REVIVED],
    rules: { mayOpen: (_read, { disabled }) => !disabled, stamped: (_read, { epoch }) => epoch },
  },
  {
    what: 'lets a session begin whatever has become of the account',
    breaks: [OLD_PASSES, REVIVED, DISABLED_PASSES],
    rules: { mayOpen: () => true, stamped: (_read, { epoch }) => epoch },
  },
  {
    what: 'asks nobody for the epoch',
    breaks: [OLD_PASSES, REVIVED],
    rules: { passes: (_s, { disabled }) => !disabled },
  },
  {
    what: 'lets a disabled account in',
    breaks: [DISABLED_PASSES],
    rules: { raisesAtDisable: false, passes: ({ epoch }, account) => epoch === account.epoch },
  },
  { what: 'hashes anew whatever is stored by now', breaks: [WRITTEN_BACK], rules: { rehashIsConditional: false } },
  { what: 'renews a session in two batches', breaks: [OLD_PASSES, REVIVED], rules: { renewsAtOnce: false } },
];

const PROTOCOL = explore(epochModel());

describe('the epoch of an account: the model', () => {
  it(`lets nothing of an old password or a disabled account pass (${PROTOCOL.states} states)`, () => {
    expect(told(PROTOCOL)).toBe('holds');
  });

  it.each(TWINS)('is broken by one that $what', ({ rules, breaks }) => {
    const outcome = explore(epochModel({ ...RULES, ...rules }));
    expect(breaks, told(outcome)).toContain(outcome.found?.what);
  });
});
