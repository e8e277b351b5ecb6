import { Column, Entity, PrimaryColumn } from 'typeorm';
import { exactText, moment } from '../database/columns.js';

/** One job that runs on one instance at a time. */
@Entity('auth_jobs')
export class JobRow {
  @PrimaryColumn(exactText('name', 64))
  name!: string;

  /** The run that has it at the moment. */
  @Column({ name: 'claimed_by', type: 'varchar', length: 22, nullable: true })
  claimedBy!: string | null;

  /** After this the claim is worth nothing: its process is gone. */
  @Column(moment('claimed_until', { nullable: true }))
  claimedUntil!: number | null;

  /** When the latest run that succeeded began. */
  @Column(moment('last_run_at', { nullable: true }))
  lastRunAt!: number | null;

  /** How many things that run did. */
  @Column({ name: 'last_done', type: 'int', nullable: true })
  lastDone!: number | null;
}
