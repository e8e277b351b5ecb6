import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { randomToken } from '../common/random.js';
import { Database } from '../database/database.js';
import type { EventInput } from '../events/auth-event.js';
import { EventRecorder } from '../events/event-recorder.js';
import { AuthSettings } from '../options/auth-settings.js';
import { OutboxEntry } from './outbox-entry.entity.js';
import { leaseMs } from './delivery-times.js';

/** An entry that this worker has for now. */
export type ClaimedEntry = Pick<
  OutboxEntry,
  'id' | 'sealed' | 'createdAt' | 'failures' | 'unsettled' | 'postponed' | 'claimedBy'
>;

type Change = Partial<OutboxEntry> & { readonly dueAt: number | null };

/** The outbox as a queue that any number of workers share: whoever's update finds the entry free has it. */
@Injectable()
export class OutboxQueue {
  private readonly leaseMs: number;

  constructor(
    private readonly database: Database,
    private readonly events: EventRecorder,
    private readonly clock: Clock,
    settings: AuthSettings,
  ) {
    this.leaseMs = leaseMs(settings.mail.timeoutMs);
  }

  /** Ids of what is due and free, the oldest first. */
  async due(limit: number): Promise<readonly string[]> {
    const rows = await this.database.read((manager) =>
      manager
        .createQueryBuilder(OutboxEntry, 'e')
        .select('e.id', 'id')
        .where(FREE_OF_E, { now: this.clock.now() })
        .orderBy('e.dueAt')
        .addOrderBy('e.id')
        .limit(limit)
        .getRawMany<{ readonly id: string }>(),
    );
    return rows.map(({ id }) => id);
  }

  /** How much is still to be delivered, and since when. */
  async pending(): Promise<{ readonly count: number; readonly oldest: number | undefined }> {
    const row = await this.database.read((manager) =>
      manager
        .createQueryBuilder(OutboxEntry, 'e')
        .select('COUNT(*)', 'count')
        .addSelect('MIN(e.createdAt)', 'oldest')
        .where('e.dueAt IS NOT NULL')
        .getRawOne<{ readonly count: string | number; readonly oldest: string | number | null }>(),
    );
    return { count: Number(row?.count), oldest: Number(row?.oldest ?? 0) || undefined };
  }

  /** The entry, or `undefined` when another worker has it or has done with it. */
  claim(id: string): Promise<ClaimedEntry | undefined> {
    const now = this.clock.now();
    const claimedBy = randomToken();
    return this.database.write(async (manager) => {
      const { affected } = await manager
        .createQueryBuilder()
        .update(OutboxEntry)
        .set({ claimedBy, claimedUntil: now + this.leaseMs })
        .where(`id = :id AND ${FREE}`, { id, now })
        .execute();
      if (affected !== 1) return undefined;
      return (await manager.findOneBy(OutboxEntry, { id, claimedBy })) ?? undefined;
    });
  }

  /** Right before the transport is called: counts a hand-over whose outcome is open. `false`: the claim is lost. */
  handOver(entry: ClaimedEntry): Promise<boolean> {
    return this.database.write((manager) =>
      this.change(manager, entry, {
        unsettled: entry.unsettled + 1,
        claimedUntil: this.clock.now() + this.leaseMs,
      }),
    );
  }

  /** Gives the entry back, to be tried again. */
  release(entry: ClaimedEntry, change: Change): Promise<boolean> {
    return this.database.write((manager) => this.change(manager, entry, { ...change, ...UNCLAIMED }));
  }

  /** Empties the entry: sent, or nothing was to be sent. A hand-over that went well is not an open one. */
  finish(entry: ClaimedEntry): Promise<boolean> {
    return this.database.write((manager) => this.empty(manager, entry, { unsettled: entry.unsettled }));
  }

  /** Empties the entry of a mail that will never be sent, and says so in the audit trail. */
  async giveUp(entry: ClaimedEntry, event: EventInput): Promise<void> {
    await this.database.write(async (manager) => {
      if (await this.empty(manager, entry)) await this.events.record(manager, event);
    });
  }

  private empty(manager: EntityManager, entry: ClaimedEntry, change: Partial<OutboxEntry> = {}): Promise<boolean> {
    const emptied = { sealed: null, dueAt: null, doneAt: this.clock.now(), ...UNCLAIMED };
    return this.change(manager, entry, { ...emptied, ...change });
  }

  private async change(
    manager: EntityManager,
    { id, claimedBy }: ClaimedEntry,
    change: Partial<OutboxEntry>,
  ): Promise<boolean> {
    const { affected } = await manager
      .createQueryBuilder()
      .update(OutboxEntry)
      .set(change)
      .where('id = :id AND claimedBy = :claimedBy', { id, claimedBy })
      .execute();
    return affected === 1;
  }
}

const UNCLAIMED = { claimedBy: null, claimedUntil: null } as const;

const FREE = 'dueAt <= :now AND (claimedUntil IS NULL OR claimedUntil < :now)';
const FREE_OF_E = FREE.replace(/dueAt|claimedUntil/g, 'e.$&');
