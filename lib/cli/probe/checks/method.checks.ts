import { finding, passed, type ProbeCheck } from '../probe-check.js';
import { named, serves } from '../fallback.js';
import { read } from '../probe-request.js';
import type { ProbeSetup } from '../probe-setup.js';

const CHANGING = [
  '/login',
  '/logout',
  '/register',
  '/email/verify',
  '/email/change',
  '/password/reset',
  '/magic-link',
  '/unlock',
  '/token/revoke',
];

/** Links are opened by mail scanners and prefetched by browsers: opening one must change nothing. */
export function methodChecks({ target, common }: ProbeSetup): ProbeCheck[] {
  const requests = [
    ...CHANGING.map((path) => read(`${target.auth}${path}?token=probe`)),
    read(`${target.auth}/logout`, {}, 'HEAD'),
    read(`${target.auth}/logout`, { 'x-http-method-override': 'POST', 'x-http-method': 'POST' }),
  ];
  return [
    {
      id: 'probe.safe-methods',
      title: 'Reading changes nothing',
      severity: 'refuse',
      source: 'ASVS 5.0 V3.5.3, RFC 9110 §9.2.1',
      requests: [common.unknown, ...requests],
      judge: (answers) => {
        const unknown = answers.of(common.unknown);
        const open = requests.map((request) => answers.of(request)).filter((answer) => serves(answer, unknown));
        if (open.length === 0) return passed();
        return finding('Serve what changes something under POST, PATCH or DELETE alone, and override no method.', {
          open: open.map(named),
        });
      },
    },
  ];
}
