import { randomInt } from 'node:crypto';
import { finding, passed, skipped, unchecked, type ProbeCheck } from '../probe-check.js';
import { post, type ProbeRequest } from '../probe-request.js';
import { inventedAddress, type ProbeSetup } from '../probe-setup.js';
import { isRefusal, TOO_MANY } from './sign-in.checks.js';

/** One more than an address may get wrong, and one for what comes back meanwhile. */
const ATTEMPTS = 22;

/** Each wrong sign-in claims to come from somewhere else. It uses up the budget of this address, so it comes last. */
export function forwardedChecks({ target, active }: ProbeSetup): ProbeCheck[] {
  const requests =
    active?.forgedAddresses === true
      ? Array.from({ length: ATTEMPTS }, () => forged(`${target.auth}/login`, someAddress()))
      : [];
  return [
    {
      id: 'probe.forwarded-for',
      title: 'No client chooses the address by which it is limited',
      severity: 'refuse',
      source: 'ASVS 5.0 V4.1.3, V6.3.1',
      requests,
      judge: (answers) => {
        if (requests.length === 0) return skipped('Needs --active --forged-addresses.');
        const statuses = requests.map((request) => answers.of(request));
        const attempt = statuses.findIndex(({ status }) => status === TOO_MANY) + 1;
        if (attempt > 0) return passed({ attempt });
        if (!statuses.every(isRefusal)) return unchecked('A sign-in of nobody was not answered with a refusal.');
        return finding(
          'Set `trustedProxyHops` to the number of proxies in front, and let each append to X-Forwarded-For or replace it.',
          { attempts: statuses.length, limited: false },
        );
      },
    },
  ];
}

/** Whichever entry of the header the other side believes, it is the invented one. */
function forged(login: string, address: string): ProbeRequest {
  const email = inventedAddress();
  return post(
    'forged-address',
    login,
    { email, password: `not the password of ${email}` },
    {
      'x-forwarded-for': Array<string>(5).fill(address).join(', '),
      'x-real-ip': address,
      forwarded: `for=${address}`,
    },
  );
}

/** For documentation, so nobody's (RFC 5737). */
function someAddress(): string {
  return `198.51.100.${randomInt(1, 255)}`;
}
