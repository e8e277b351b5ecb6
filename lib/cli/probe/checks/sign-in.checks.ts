import { header, json, type ProbeAnswer } from '../probe-answer.js';
import { finding, passed, skipped, unchecked, type ProbeCheck, type ProbeOutcome } from '../probe-check.js';
import { post, type ProbeRequest } from '../probe-request.js';
import { FOREIGN_HOST, inventedAddress, NEEDS_ACTIVE, type ProbeSetup } from '../probe-setup.js';

const LOCKED_AFTER = 5;
export const TOO_MANY = 429;

/** Wrong passwords of an account that does not exist, as many as lock it and one more. */
export function signInChecks({ target, active }: ProbeSetup): ProbeCheck[] {
  const login = `${target.auth}/login`;
  const email = inventedAddress();
  const wrong = (kind: ProbeRequest['kind'], headers = {}) =>
    post(kind, login, { email, password: `not the password of ${email}` }, headers);
  const guesses = active === undefined ? [] : Array.from({ length: LOCKED_AFTER + 1 }, () => wrong('wrong-password'));
  const stranger = inventedAddress();
  const crossSite = post(
    'cross-site',
    login,
    { email: stranger, password: `not the password of ${stranger}` },
    { origin: `https://${FOREIGN_HOST}`, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
  );
  return [
    {
      id: 'probe.sign-in-limited',
      title: 'Guessing at one account is stopped',
      severity: 'refuse',
      source: 'ASVS 5.0 V6.3.1, NIST SP 800-63B-4 §3.2.2',
      requests: guesses,
      judge: (answers) =>
        active === undefined ? skipped(NEEDS_ACTIVE) : limitOutcome(guesses.map((guess) => answers.of(guess))),
    },
    {
      id: 'probe.cross-site-sign-in',
      title: 'No other site signs a browser in',
      severity: 'refuse',
      source: 'ASVS 5.0 V3.5.1',
      requests: active === undefined ? [] : [crossSite],
      judge: (answers) => {
        if (active === undefined) return skipped(NEEDS_ACTIVE);
        const { status } = answers.of(crossSite);
        if (status === 403) return passed();
        if (status === TOO_MANY) return unchecked('Sign-in is limited at the moment: come again in 15 minutes.');
        if (status !== 200 && status !== 401) return unchecked(`A sign-in from another site was answered ${status}.`);
        return finding('Leave the check of `Origin` and Sec-Fetch-Site in force, and let the proxy pass both on.', {
          status,
        });
      },
    },
  ];
}

function limitOutcome(answers: readonly ProbeAnswer[]): ProbeOutcome {
  const attempt = answers.findIndex(({ status }) => status === TOO_MANY) + 1;
  if (attempt === 0) {
    const odd = answers.find((answer) => !isRefusal(answer));
    if (odd !== undefined) return unchecked(`A sign-in of nobody was answered ${odd.status}.`);
    return finding('Let five wrong passwords lock an account for a while, as Gatehouse does.', {
      attempts: answers.length,
    });
  }
  const retryAfter = header(answers[attempt - 1]!, 'retry-after');
  if (/^[1-9]\d{0,6}$/.test(retryAfter)) return passed({ attempt, retryAfterSeconds: Number(retryAfter) });
  return finding('Send Retry-After, in whole seconds, with every 429.', { attempt, retryAfter: retryAfter !== '' });
}

/** A refusal of a wrong password, and nothing else such as a page that stands before the application. */
export function isRefusal(answer: ProbeAnswer): boolean {
  return answer.status >= 400 && answer.status < 500 && typeof json(answer) === 'object';
}
