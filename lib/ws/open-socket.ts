import type { HandshakeRule } from '../access/handshake-rules.js';
import type { Admission, SocketTerms } from '../access/socket-credentials.service.js';
import { hasLost, joined, type Standing } from '../access/socket-standing.js';
import type { TransportBody } from '../access/transport-errors.js';
import type { Principal } from '../common/principal.js';

/** A socket that was let in, and what it stands on now. */
export class OpenSocket implements SocketTerms {
  private gone = false;
  private had: Standing | undefined;

  constructor(
    readonly rule: HandshakeRule,
    /** In whose shape a refusal is thrown. */
    readonly transport: 'ws' | 'graphql',
    private admission: Admission,
    /** Tells the client why, and ends the connection. */
    readonly end: (reason: TransportBody) => void,
  ) {
    if (admission.principal !== undefined) this.hold(admission.principal);
  }

  get principal(): Admission['principal'] {
    return this.admission.principal;
  }

  get grip(): Admission['grip'] {
    return this.admission.grip;
  }

  /**
   * Everything that principals of this connection had. A subscription is judged once and delivers from then on, so it may
   * rest on any of it; messages of a gateway are judged one by one, and rest on nothing.
   */
  get standing(): Standing | undefined {
    return this.transport === 'graphql' ? this.had : undefined;
  }

  /** Nobody waits for the end of a connection that is over, such as that of a client that left during a look-up. */
  get isGone(): boolean {
    return this.gone;
  }

  leave(): void {
    this.gone = true;
  }

  standOn(admission: Admission): void {
    this.admission = admission;
    if (admission.principal !== undefined) this.hold(admission.principal);
  }

  /** Remembers what the principal has. Answers whether that is more than what was known. */
  hold(principal: Principal): boolean {
    const isMore = this.had === undefined || hasLost(principal, this.had);
    if (isMore) this.had = joined(this.had, principal);
    return isMore;
  }

  /** Whether the principal has less than what operations that still run may rest on. */
  isLess(principal: Principal): boolean {
    return this.standing !== undefined && hasLost(this.standing, principal);
  }
}
