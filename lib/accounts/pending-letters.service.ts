import { Injectable } from '@nestjs/common';
import { In, IsNull, MoreThan, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { canonicalIdentifier } from '../common/email-address.js';
import { Database } from '../database/database.js';
import { Outbox } from '../mail/outbox.js';
import { OutboxEntry } from '../mail/outbox-entry.entity.js';
import type { MailAccount } from '../users/mail-accounts.service.js';

const PAGE = 500;

/** Letters of the outbox that wait to be delivered to an account. They are sealed: who they are for has to be looked up. */
@Injectable()
export class PendingLetters {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Ids of the entries that name the account or its address. */
  async of({ userId, emailCanonical }: MailAccount): Promise<readonly string[]> {
    const found: string[] = [];
    for (let after = '', full = true; full;) {
      const page = await this.page(after);
      for (const entry of page) {
        const letter = this.outbox.open(entry);
        const named = canonicalIdentifier(letter?.address ?? '') === emailCanonical || letter?.userId === userId;
        if (named) found.push(entry.id);
      }
      after = page.at(-1)?.id ?? '';
      full = page.length === PAGE;
    }
    return found;
  }

  /** Inside `Database.write`: empties them, so that they are done with. */
  async erase(manager: EntityManager, ids: readonly string[]): Promise<void> {
    for (let start = 0; start < ids.length; start += PAGE) {
      const which = { id: In(ids.slice(start, start + PAGE)), doneAt: IsNull() };
      await manager.update(OutboxEntry, which, { sealed: null, dueAt: null, doneAt: this.clock.now() });
    }
  }

  private page(after: string): Promise<OutboxEntry[]> {
    return this.database.read((manager) =>
      manager.find(OutboxEntry, {
        select: { id: true, sealed: true },
        where: { id: MoreThan(after), doneAt: IsNull() },
        order: { id: 'ASC' },
        take: PAGE,
      }),
    );
  }
}
