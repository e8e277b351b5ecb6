import { Injectable, Logger } from '@nestjs/common';
import type { AuthEvent } from './auth-event.js';
import { AuthEvents } from './auth-events.js';
import type { AuthEventType } from './event-catalogue.js';

// Control, format and unassigned characters and the separators of lines: what could make one line look like two.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** What went through, and may be somebody else's doing all the same. */
const SUSPICIOUS: ReadonlySet<AuthEventType> = new Set(['refresh.grace_other_client']);

/** One line of the log for an event: as a warning where something failed, or looks like theft. No user agent, which is whatever a client says. */
@Injectable()
export class EventLog {
  private readonly logger = new Logger('Gatehouse');

  constructor(events: AuthEvents) {
    events.on('*', (event) => this.write(event));
  }

  private write(event: AuthEvent): void {
    if (event.outcome === 'failure' || SUSPICIOUS.has(event.type)) this.logger.warn(line(event));
    else this.logger.log(line(event));
  }
}

function line(event: AuthEvent): string {
  const { type, outcome, actorId, impersonatorId, subjectId, sessionId, identifier, address, details } = event;
  const facts = Object.entries({
    ...details,
    identifier,
    actor: actorId,
    impersonator: impersonatorId,
    subject: subjectId,
    session: sessionId,
    address,
  })
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? quoted(value) : String(value)}`);
  return [type, outcome, ...facts].join(' ').replace(UNPRINTABLE, '?');
}

/** So that no value looks like another fact. */
function quoted(value: string): string {
  return /^[\w.:@+-]+$/.test(value) ? value : JSON.stringify(value);
}
