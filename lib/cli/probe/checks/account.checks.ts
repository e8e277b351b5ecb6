import { finding, passed, skipped, unchecked, type ProbeCheck, type ProbeOutcome } from '../probe-check.js';
import type { ProbeAnswer } from '../probe-answer.js';
import { post, type Answers, type ProbeRequest } from '../probe-request.js';
import { inventedAddress, NEEDS_ACTIVE, type ProbeSetup } from '../probe-setup.js';
import { difference } from '../account-difference.js';
import { compareTimes } from '../compare-times.js';
import { isRefusal, TOO_MANY } from './sign-in.checks.js';

/** One below what locks an account: a real one is at stake. */
const PAIRS = 4;
/** What a hash takes that is left out for one side, at the least. */
const WORTH_SEEING_MS = 60;

/** A wrong password of the account that the operator named beside one of nobody, in turns. */
export function accountChecks({ target, active }: ProbeSetup): ProbeCheck[] {
  const known = active?.known?.email;
  const nobody = inventedAddress();
  const wrong = (kind: ProbeRequest['kind'], email: string) =>
    post(kind, `${target.auth}/login`, { email, password: `not the password of ${nobody}` });
  const pairs =
    known === undefined
      ? []
      : Array.from({ length: PAIRS }, () => [wrong('wrong-password-known', known), wrong('wrong-password', nobody)]);
  const sides = (answers: Answers) => [0, 1].map((side) => pairs.map((pair) => answers.of(pair[side]!)));
  // One first, then the other: behind a proxy that takes turns, each side meets every instance.
  const requests = pairs.flatMap((pair, index) => (index % 2 === 0 ? pair : pair.toReversed()));
  const comparing = (judge: (known: ProbeAnswer[], unknown: ProbeAnswer[]) => ProbeOutcome) => (answers: Answers) => {
    if (active === undefined) return skipped(NEEDS_ACTIVE);
    if (known === undefined) return skipped('Needs --known-account.');
    const [one, other] = sides(answers) as [ProbeAnswer[], ProbeAnswer[]];
    const all = [...one, ...other];
    if (all.some(({ status }) => status === TOO_MANY)) {
      return unchecked('Sign-in is limited for this account or address at the moment: come again in 15 minutes.');
    }
    if (!all.every(isRefusal)) return unchecked('A wrong password was not answered with a refusal.');
    return judge(one, other);
  };
  return [
    {
      id: 'probe.same-answer',
      title: 'A wrong password is answered alike with and without an account',
      severity: 'refuse',
      source: 'ASVS 5.0 V6.3.8',
      requests,
      judge: comparing((one, other) => {
        const differs = difference(one, other, [known ?? '', nobody]);
        if (differs.length === 0) return passed({ pairs: PAIRS });
        return finding('Answer the same status, body and headers, as Gatehouse does: look at filters and the proxy.', {
          differs,
        });
      }),
    },
    {
      id: 'probe.same-time',
      title: 'A wrong password takes as long with and without an account',
      severity: 'refuse',
      source: 'ASVS 5.0 V6.3.8',
      requests,
      judge: comparing((one, other) => {
        const times = compareTimes(one.map(elapsed), other.map(elapsed));
        const evidence = { pairs: PAIRS, differenceMs: times.differenceMs, detectableMs: times.detectableMs };
        if (times.differs) return finding('Hash once for every sign-in, whether there is an account or not.', evidence);
        if (times.detectableMs <= WORTH_SEEING_MS) return passed(evidence);
        return unchecked(`Times vary too much: only a difference above ${times.detectableMs} ms would have been seen.`);
      }),
    },
  ];
}

function elapsed({ elapsedMs }: ProbeAnswer): number {
  return elapsedMs;
}
