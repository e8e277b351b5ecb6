import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { uuidv7 } from '../common/random.js';
import { Database } from '../database/database.js';
import { AuditRow } from './audit-row.entity.js';
import type { AuthEvent, EventInput } from './auth-event.js';
import { AuthEvents } from './auth-events.js';

const ADDRESS_LENGTH = 45;
const USER_AGENT_LENGTH = 256;

/** Writes the audit trail: one row for an event, in the transaction of the change that it records. */
@Injectable()
export class EventRecorder {
  constructor(
    private readonly database: Database,
    private readonly events: AuthEvents,
    private readonly clock: Clock,
  ) {}

  /** Inside `Database.write`: one insert. The event goes to its listeners after the commit. */
  async record(manager: EntityManager, input: EventInput): Promise<void> {
    const event = this.describe(input);
    const row: AuditRow = { ...event, at: event.at.getTime() };
    await manager.createQueryBuilder().insert().into(AuditRow).values(row).updateEntity(false).execute();
    this.database.afterCommit(manager, () => this.events.emit(event));
  }

  /** An event with no change of its own, such as a refusal. */
  write(input: EventInput): Promise<void> {
    return this.database.write((manager) => this.record(manager, input));
  }

  private describe({ client, details = {}, outcome = 'success', ...input }: EventInput): AuthEvent {
    const at = this.clock.now();
    // One object for all listeners: none may tell the next something else.
    return Object.freeze({
      id: input.id ?? uuidv7(at),
      type: input.type,
      outcome,
      at: new Date(at),
      actorId: input.actorId ?? null,
      impersonatorId: input.impersonatorId ?? null,
      subjectId: input.subjectId ?? null,
      sessionId: input.sessionId ?? null,
      identifier: input.identifier ?? null,
      address: printable(client?.address, ADDRESS_LENGTH),
      userAgent: printable(client?.userAgent, USER_AGENT_LENGTH),
      details: Object.freeze({ ...details }),
    });
  }
}

/** What an application's own code says of a client need not be what a request could carry. */
function printable(text: string | undefined, length: number): string | null {
  return text?.replace(/\p{C}/gu, '').slice(0, length) || null;
}
