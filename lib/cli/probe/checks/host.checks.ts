import { header, isOk, json, type ProbeAnswer } from '../probe-answer.js';
import { finding, passed, type ProbeCheck } from '../probe-check.js';
import { read } from '../probe-request.js';
import { FOREIGN_HOST, type ProbeSetup } from '../probe-setup.js';

/** What the `Host` header, which every client chooses, can do. */
export function hostChecks({ target, common }: ProbeSetup): ProbeCheck[] {
  const foreign = read(common.session.path, { host: FOREIGN_HOST });
  const forwarded = read(common.session.path, { 'x-forwarded-host': FOREIGN_HOST });
  const root = read(`${target.prefix}/`, { host: FOREIGN_HOST, 'x-forwarded-host': FOREIGN_HOST });
  return [
    {
      id: 'probe.host-reflected',
      title: 'No answer is built from the Host header',
      severity: 'refuse',
      source: 'ASVS 5.0 V4.1.3',
      requests: [foreign, forwarded, root],
      survivesFailures: true,
      judge: (answers) => {
        const places = [foreign, forwarded, root].flatMap((request) => reflections(answers.of(request)));
        if (places.length === 0) return passed();
        return finding('Build links from a configured address such as `baseUrl`, never from the request.', {
          in: [...new Set(places)],
        });
      },
    },
    {
      id: 'probe.host-accepted',
      title: 'Requests for other hosts are refused',
      severity: 'warn',
      source: 'RFC 9110 §7.4',
      requests: [foreign],
      survivesFailures: true,
      judge: (answers) => {
        const answer = answers.of(foreign);
        if (!isOk(answer) || (json(answer) as { user?: unknown } | null)?.user === undefined) return passed();
        return finding('Set `http.hosts`, which harden(app) reads, or let the proxy know its hosts.', {
          status: answer.status,
        });
      },
    },
  ];
}

function reflections(answer: ProbeAnswer): string[] {
  return [
    ...(header(answer, 'location').includes(FOREIGN_HOST) ? ['location'] : []),
    ...(answer.setCookies.some((line) => line.includes(FOREIGN_HOST)) ? ['set-cookie'] : []),
    ...(answer.body.includes(FOREIGN_HOST) ? ['body'] : []),
  ];
}
