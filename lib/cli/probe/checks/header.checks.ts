import { header, type ProbeAnswer } from '../probe-answer.js';
import { finding, passed, type ProbeCheck, type ProbeEvidence } from '../probe-check.js';
import { named } from '../fallback.js';
import type { ProbeSetup } from '../probe-setup.js';

const HARDEN = 'harden(app) sets it.';

/** What every answer should say about itself. */
export function headerChecks({ common }: ProbeSetup): ProbeCheck[] {
  const ours = [common.session, common.me];
  const everywhere = [...ours, common.unknown];
  const on = (
    facts: Omit<ProbeCheck, 'judge'> & { readonly change: string },
    isGood: (answer: ProbeAnswer) => boolean,
    evidence: (bad: readonly ProbeAnswer[]) => ProbeEvidence = () => ({}),
  ): ProbeCheck => ({
    ...facts,
    judge: (answers) => {
      const bad = facts.requests.map((request) => answers.of(request)).filter((answer) => !isGood(answer));
      return bad.length === 0 ? passed() : finding(facts.change, { ...evidence(bad), at: bad.map(named) });
    },
  });
  return [
    on(
      {
        id: 'probe.no-store',
        title: 'No cache keeps an answer of Gatehouse',
        severity: 'refuse',
        source: 'ASVS 5.0 V14.3.2, RFC 9111 §5.2.2.5',
        requests: ours,
        change: 'Gatehouse sends Cache-Control: no-store; let no proxy or interceptor replace it.',
      },
      (answer) => /(?:^|,)\s*no-store\s*(?:,|$)/i.test(header(answer, 'cache-control')),
    ),
    on(
      {
        id: 'probe.content-type-options',
        title: 'Browsers guess no content types',
        severity: 'warn',
        source: 'ASVS 5.0 V3.4.4',
        requests: everywhere,
        change: `Send X-Content-Type-Options: nosniff. ${HARDEN}`,
      },
      (answer) => header(answer, 'x-content-type-options').toLowerCase().trim() === 'nosniff',
    ),
    on(
      {
        id: 'probe.content-security-policy',
        title: 'Answers carry a content security policy',
        severity: 'warn',
        source: 'ASVS 5.0 V3.4.3',
        requests: everywhere,
        change: `Send Content-Security-Policy, for an API default-src 'none'. ${HARDEN}`,
      },
      (answer) => /(?:^|;)\s*default-src\s/i.test(header(answer, 'content-security-policy')),
    ),
    on(
      {
        id: 'probe.framing',
        title: 'No other site puts answers into a frame',
        severity: 'warn',
        source: 'ASVS 5.0 V3.4.6',
        requests: everywhere,
        change: `Send Content-Security-Policy with frame-ancestors 'none'. ${HARDEN}`,
      },
      (answer) =>
        /(?:^|[;,])\s*frame-ancestors\s/i.test(header(answer, 'content-security-policy')) ||
        /^(?:deny|sameorigin)$/i.test(header(answer, 'x-frame-options').trim()),
    ),
    on(
      {
        id: 'probe.referrer-policy',
        title: 'Other sites do not learn addresses from the Referer header',
        severity: 'warn',
        source: 'ASVS 5.0 V3.4.5',
        requests: everywhere,
        change: `Send Referrer-Policy: no-referrer. ${HARDEN}`,
      },
      (answer) => /no-referrer|same-origin|strict-origin/i.test(header(answer, 'referrer-policy')),
    ),
    on(
      {
        id: 'probe.server-version',
        title: 'Answers do not say what made them',
        severity: 'note',
        source: 'ASVS 5.0 V13.4.6',
        requests: everywhere,
        change: 'Remove X-Powered-By, which harden(app) does, and the version in the Server header of the proxy.',
      },
      (answer) => header(answer, 'x-powered-by') === '' && !/\d/.test(header(answer, 'server')),
      ([first]) => {
        const server = header(first!, 'server');
        return { poweredBy: header(first!, 'x-powered-by') !== '', ...(server === '' ? {} : { server }) };
      },
    ),
  ];
}
