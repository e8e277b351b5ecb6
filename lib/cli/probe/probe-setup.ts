import { randomToken } from '../../common/random.js';
import { read, type ProbeRequest } from './probe-request.js';
import type { ProbeTarget } from './probe-target.js';

export interface KnownAccount {
  readonly email: string;
  /** Of the one sign-in whose cookies are looked at; without it there is none. */
  readonly password: string | undefined;
}

/** What `--active` allows beyond reading. */
export interface ActiveSetup {
  readonly known: KnownAccount | undefined;
  readonly forgedAddresses: boolean;
}

/** What every check is made from. */
export interface ProbeSetup {
  readonly target: ProbeTarget;
  readonly active: ActiveSetup | undefined;
  /** Requests whose answers several checks read. */
  readonly common: {
    readonly session: ProbeRequest;
    readonly me: ProbeRequest;
    /** Where nothing is: how this deployment says so. */
    readonly unknown: ProbeRequest;
  };
}

export function probeSetup(target: ProbeTarget, active: ActiveSetup | undefined): ProbeSetup {
  const common = {
    session: read(`${target.auth}/session`),
    me: read(`${target.auth}/me`),
    unknown: read(`${target.prefix}/probe-${randomToken(6)}`),
  };
  return { target, active, common };
}

/** An address that can belong to nobody (RFC 2606 §2). */
export function inventedAddress(): string {
  return `probe-${randomToken(9).toLowerCase()}@gatehouse.invalid`;
}

/** A host that nobody has. */
export const FOREIGN_HOST = 'probe.gatehouse.invalid';

export const NEEDS_ACTIVE = 'Needs --active.';
