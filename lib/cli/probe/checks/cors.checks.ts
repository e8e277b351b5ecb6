import { finding, passed, type ProbeCheck } from '../probe-check.js';
import { header, type ProbeAnswer } from '../probe-answer.js';
import { read } from '../probe-request.js';
import { FOREIGN_HOST, type ProbeSetup } from '../probe-setup.js';

/** Which other sites a browser lets read answers. */
export function corsChecks({ target }: ProbeSetup): ProbeCheck[] {
  const { host, protocol } = target.origin;
  const session = `${target.auth}/session`;
  const kinds = new Map([
    ['foreign', `https://${FOREIGN_HOST}`],
    ['null', 'null'],
    ['own name as prefix', `${protocol}//${host}.${FOREIGN_HOST}`],
    ['own name as suffix', `${protocol}//probe-${host}`],
    // Outside production pages of this machine may call.
    ...(target.isTls && !target.isLoopback ? [['own name over http', `http://${host}`] as const] : []),
  ]);
  const asked = [...kinds].map(([kind, origin]) => ({ kind, origin, request: read(session, { origin }) }));
  const foreign = kinds.get('foreign')!;
  const preflight = { origin: foreign, 'access-control-request-method': 'POST' };
  const preflights = [
    { kind: 'preflight', origin: foreign, request: read(`${target.auth}/login`, preflight, 'OPTIONS') },
  ];
  const all = [...asked, ...preflights];
  return [
    {
      id: 'probe.cors',
      title: 'Other sites cannot read answers',
      severity: 'refuse',
      source: 'ASVS 5.0 V3.4.2',
      requests: all.map(({ request }) => request),
      judge: (answers) => {
        const admitted = all.filter(({ origin, request }) => admits(answers.of(request), origin));
        if (admitted.length === 0) return passed();
        const credentials = admitted.some(({ request }) => allowsCredentials(answers.of(request)));
        return finding('List the exact origins in `origins` and let harden(app) answer, with no other CORS in front.', {
          origins: admitted.map(({ kind }) => kind),
          credentials,
        });
      },
    },
  ];
}

function admits(answer: ProbeAnswer, origin: string): boolean {
  const allowed = header(answer, 'access-control-allow-origin').trim();
  return allowed === '*' || allowed.toLowerCase() === origin.toLowerCase();
}

function allowsCredentials(answer: ProbeAnswer): boolean {
  return header(answer, 'access-control-allow-credentials').trim().toLowerCase() === 'true';
}
