import { finding, passed, unchecked, type ProbeCheck, type ProbeOutcome } from '../probe-check.js';
import { header, isOk, type ProbeAnswer } from '../probe-answer.js';
import type { ProbeRequest } from '../probe-request.js';
import type { ProbeSetup } from '../probe-setup.js';
import { printable } from '../printable.js';
import { handshake, oldHandshake, type Handshake } from '../tls-handshake.js';

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;
const YEAR_S = 31_536_000;
const USUAL_PORT = 80;
const NOT_TLS = 'The address is http.';
const MODERN = new Set(['TLSv1.2', 'TLSv1.3']);

/** What stands between a browser and the deployment. */
export function transportChecks({ target, common }: ProbeSetup, now: () => number): ProbeCheck[] {
  const { origin, isTls, isLoopback } = target;
  const noTls = (): ProbeOutcome =>
    isLoopback ? unchecked(NOT_TLS) : finding('Serve the deployment over https alone.', { scheme: 'http' });
  // One handshake for all that is read from it.
  let first: Promise<Handshake> | undefined;
  const made = () => (first ??= handshake(target));
  const plainPort = Number(origin.port) || USUAL_PORT;
  const plain: ProbeRequest = { ...common.session, plainPort };
  return [
    {
      id: 'probe.tls-certificate',
      title: 'The certificate is valid',
      severity: 'refuse',
      source: 'ASVS 5.0 V12.2.1, V12.2.2',
      requests: [],
      connections: isTls ? 1 : 0,
      judge: async () => {
        if (!isTls) return noTls();
        const met = await made();
        if (met.made) return passed();
        return finding('Renew or replace the certificate; for a private authority give --ca.', { code: met.code });
      },
    },
    {
      id: 'probe.tls-expiry',
      title: 'The certificate lasts two weeks more',
      severity: 'warn',
      source: 'ASVS 5.0 V12.2.1',
      requests: [],
      judge: async () => {
        if (!isTls) return unchecked(NOT_TLS);
        const met = await made();
        if (!met.made) return unchecked(`The handshake failed: ${printable(met.code)}`);
        const daysLeft = Math.floor((Date.parse(met.validTo) - now()) / DAY_MS);
        if (daysLeft >= SOON_DAYS) return passed({ daysLeft });
        return finding('Renew the certificate, and let that happen by itself.', { daysLeft });
      },
    },
    {
      id: 'probe.tls-version',
      title: 'Connections use TLS 1.2 or newer, and nothing older is taken',
      severity: 'refuse',
      source: 'ASVS 5.0 V12.1.1',
      requests: [],
      connections: isTls ? 2 : 0,
      judge: async () => {
        if (!isTls) return unchecked(NOT_TLS);
        const met = await made();
        if (!met.made) return unchecked(`The handshake failed: ${printable(met.code)}`);
        const old = [await oldHandshake(target, 'TLSv1'), await oldHandshake(target, 'TLSv1.1')];
        const taken = old.flatMap((one) => (one.made ? [one.protocol] : []));
        const bad = [...taken, ...(MODERN.has(met.protocol) ? [] : [met.protocol])];
        if (bad.length === 0) return passed({ protocol: met.protocol });
        return finding('Let the proxy take TLS 1.2 and 1.3 alone.', { taken: bad });
      },
    },
    {
      id: 'probe.https-redirect',
      title: 'Nothing is served over plain http',
      severity: 'refuse',
      source: 'ASVS 5.0 V12.2.1, V4.1.2',
      requests: isTls ? [plain] : [],
      survivesFailures: true,
      judge: (answers) => (isTls ? plainOutcome(answers.of(plain), plainPort) : noTls()),
    },
    {
      id: 'probe.hsts',
      title: 'Browsers are told to use https alone',
      severity: 'warn',
      source: 'ASVS 5.0 V3.4.1, RFC 6797 §6.1',
      requests: [common.session],
      judge: (answers) => {
        if (!isTls) return unchecked(NOT_TLS);
        const value = header(answers.of(common.session), 'strict-transport-security');
        const maxAgeSeconds = Number(/max-age="?(\d{1,12})/i.exec(value)?.[1] ?? 0);
        if (maxAgeSeconds >= YEAR_S) return passed({ maxAgeSeconds });
        return finding('Send Strict-Transport-Security with a max-age of a year: harden(app) does.', { maxAgeSeconds });
      },
    },
  ];
}

/** Closed, refused or sent on to https: all is well but an answer. */
function plainOutcome(answer: ProbeAnswer, port: number): ProbeOutcome {
  if (port !== USUAL_PORT && !isOk(answer)) {
    return unchecked(`Port ${port} serves nothing over plain http. Whether port 80 does was not asked.`);
  }
  if (answer.failure === 'timeout') return unchecked('The port of plain http neither answers nor refuses.');
  if (answer.failure !== undefined) return passed({ plainHttp: 'closed' });
  const redirects = answer.status >= 300 && answer.status < 400;
  if (redirects && /^https:\/\//i.test(header(answer, 'location'))) return passed({ plainHttp: 'redirected' });
  if (!redirects && !isOk(answer)) return passed({ plainHttp: 'refused' });
  return finding(`Close port ${port} to plain http, or answer every request there with a redirect to https.`, {
    status: answer.status,
  });
}
