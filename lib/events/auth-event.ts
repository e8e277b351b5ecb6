import type { ClientInfo } from '../common/client-address.js';
import type { AuthEventType } from './event-catalogue.js';

export type EventOutcome = 'success' | 'failure';

/** Facts of an event by name. Never a secret, a token, a password or an address of a mailbox. */
export type EventDetails = Readonly<Record<string, string | number | boolean | null>>;

/** Something that matters to security and has happened. */
export interface AuthEvent {
  /** UUID version 7. */
  readonly id: string;
  readonly type: AuthEventType;
  readonly outcome: EventOutcome;
  readonly at: Date;
  /** The user who did it; `null` for the application itself and for people who are not signed in. */
  readonly actorId: string | null;
  /** The administrator who did it while acting as `actorId`. */
  readonly impersonatorId: string | null;
  /** The user whom it concerns; `null` when that is nobody, or not known. */
  readonly subjectId: string | null;
  /** Public id of the session in which it was done. */
  readonly sessionId: string | null;
  /** Keyed digest of the identifier that was named, by which requests for the same one can be told together. */
  readonly identifier: string | null;
  /** Client address; `null` for the application itself. */
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly details: EventDetails;
}

/** What is said of an event where it happens. Left out means `null`, and `success`. */
export interface EventInput {
  /** Of its row, for one that is written until it is there: it is there once. Default: a new one. */
  readonly id?: string | undefined;
  readonly type: AuthEventType;
  readonly outcome?: EventOutcome;
  readonly actorId?: string | null | undefined;
  readonly subjectId?: string | null | undefined;
  readonly impersonatorId?: string | null | undefined;
  readonly sessionId?: string | null | undefined;
  /** By `Keyring.digest`: no address stands in a row. */
  readonly identifier?: string | null | undefined;
  readonly client?: ClientInfo | undefined;
  readonly details?: EventDetails;
}
