import type { ProbeCheck } from './probe-check.js';
import type { ProbeRequest, RequestKind } from './probe-request.js';
import { probeSetup, type ActiveSetup, type ProbeSetup } from './probe-setup.js';
import type { ProbeTarget } from './probe-target.js';
import { accountChecks } from './checks/account.checks.js';
import { cookieChecks } from './checks/cookie.checks.js';
import { corsChecks } from './checks/cors.checks.js';
import { errorChecks } from './checks/error.checks.js';
import { exposureChecks } from './checks/exposure.checks.js';
import { forwardedChecks } from './checks/forwarded.checks.js';
import { headerChecks } from './checks/header.checks.js';
import { hostChecks } from './checks/host.checks.js';
import { methodChecks } from './checks/method.checks.js';
import { pathChecks } from './checks/path.checks.js';
import { signInChecks } from './checks/sign-in.checks.js';
import { transportChecks } from './checks/transport.checks.js';

/** All that a run will do, before it begins. */
export interface ProbePlan {
  readonly setup: ProbeSetup;
  readonly checks: readonly ProbeCheck[];
  /** Each once, in the order in which they are sent. */
  readonly requests: readonly ProbeRequest[];
  readonly connections: number;
}

export function probePlan(target: ProbeTarget, active: ActiveSetup | undefined, now: () => number): ProbePlan {
  const setup = probeSetup(target, active);
  const checks = [
    ...transportChecks(setup, now),
    ...headerChecks(setup),
    ...corsChecks(setup),
    ...exposureChecks(setup),
    ...pathChecks(setup),
    ...methodChecks(setup),
    ...errorChecks(setup),
    ...hostChecks(setup),
    ...signInChecks(setup),
    ...accountChecks(setup),
    ...cookieChecks(setup),
    ...forwardedChecks(setup),
  ];
  const requests = new Set([setup.common.session, ...checks.flatMap((check) => check.requests)]);
  const connections = checks.reduce((sum, check) => sum + (check.connections ?? 0), 0);
  return { setup, checks, requests: [...requests], connections };
}

const WORDS: Readonly<Record<Exclude<RequestKind, 'read'>, string>> = {
  'wrong-password': 'sign-in with a wrong password for an invented account (probe-...@gatehouse.invalid)',
  'wrong-password-known': 'sign-in with a wrong password for the account that --known-account names',
  'cross-site': 'sign-in with a wrong password for an invented account, as from a page of another site',
  'malformed-body': 'malformed sign-in, refused before any password is looked at',
  'sign-out': 'sign-out without a session',
  'sign-in': 'sign-in of the account that --known-account names; it may get a notice of a new browser',
  'sign-out-known': 'sign-out that ends it',
  'forged-address': 'sign-in with a wrong password for an invented account, each with a forged address',
};

/** How many requests of which kind, as it is said before the first of them. */
export function announcement({ setup, requests, connections }: ProbePlan): string[] {
  const { target } = setup;
  const count = (wanted: (request: ProbeRequest) => boolean) => requests.filter(wanted).length;
  const reads = (['GET', 'HEAD', 'OPTIONS'] as const).map((method) => ({
    method,
    number: count((request) => request.kind === 'read' && request.method === method),
  }));
  const others = (Object.keys(WORDS) as (keyof typeof WORDS)[])
    .map((kind) => ({ kind, number: count((request) => request.kind === kind) }))
    .filter(({ number }) => number > 0);
  return [
    `Probing ${target.origin.origin}, Gatehouse at ${target.auth}: ${requests.length} requests, one after another.`,
    `  ${reads.map(({ number, method }) => `${number} ${method}`).join(', ')}: without credentials`,
    ...others.map(({ kind, number }) => `  ${number} POST: ${WORDS[kind]}`),
    ...(connections > 0 ? [`  ${connections} TLS handshakes with nothing after them`] : []),
    ...(setup.active?.forgedAddresses === true
      ? ['  After this, sign-ins from your address may be refused for some minutes.']
      : []),
  ];
}
