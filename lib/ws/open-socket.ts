import type { HandshakeRule } from '../access/handshake-rules.js';
import type { Admission } from '../access/socket-credentials.service.js';
import type { TransportBody } from '../access/transport-errors.js';

/** A socket that was let in, and what it stands on now. */
export class OpenSocket {
  private gone = false;

  constructor(
    readonly rule: HandshakeRule,
    /** In whose shape a refusal is thrown. */
    readonly transport: 'ws' | 'graphql',
    private admission: Admission,
    /** Tells the client why, and ends the connection. */
    readonly end: (reason: TransportBody) => void,
  ) {}

  get principal(): Admission['principal'] {
    return this.admission.principal;
  }

  get grip(): Admission['grip'] {
    return this.admission.grip;
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
  }
}
