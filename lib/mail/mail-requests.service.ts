import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { EventInput } from '../events/auth-event.js';
import { EventRecorder } from '../events/event-recorder.js';
import { Outbox, type NewLetter } from './outbox.js';

/**
 * Mail that anybody may ask for: one letter and one row of the audit trail, the same two statements for every address.
 * Whether there is an account is found out when the letter is delivered.
 */
@Injectable()
export class MailRequests {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly events: EventRecorder,
  ) {}

  async ask(letter: NewLetter, event: EventInput): Promise<void> {
    await this.database.write(async (manager) => {
      await this.outbox.add(manager, letter);
      await this.events.record(manager, event);
    });
  }
}
