import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { idColumn, moment } from '../database/columns.js';

/** One letter that is to be delivered. Written with the change that calls for it; emptied when it is done with. */
@Entity('auth_outbox')
export class OutboxEntry {
  @PrimaryColumn(idColumn('id'))
  id!: string;

  /** The letter as JSON, sealed for this row. `null` once it has been done with. */
  @Column({ name: 'sealed', type: 'text', nullable: true })
  sealed!: string | null;

  @Column(moment('created_at'))
  createdAt!: number;

  /** When it is tried next. `null` once it has been done with. */
  @Index('auth_outbox_due')
  @Column(moment('due_at', { nullable: true }))
  dueAt!: number | null;

  /** Tries that failed for certain. */
  @Column({ name: 'failures', type: 'int', default: 0 })
  failures!: number;

  /** Tries that ended before the mail was made: its account, its limits or its token could not be reached. */
  @Column({ name: 'postponed', type: 'int', default: 0 })
  postponed!: number;

  /** Hand-overs to the transport whose outcome is not known: of a process that ended, or a connection that was lost. At most 2. */
  @Column({ name: 'unsettled', type: 'int', default: 0 })
  unsettled!: number;

  /** The worker that has it at the moment. */
  @Column({ name: 'claimed_by', type: 'varchar', length: 22, nullable: true })
  claimedBy!: string | null;

  /** After this the claim is worth nothing: its worker is gone. */
  @Column(moment('claimed_until', { nullable: true }))
  claimedUntil!: number | null;

  /** When it was done with: sent, given up, or nothing was to be sent. */
  @Column(moment('done_at', { nullable: true }))
  doneAt!: number | null;
}
