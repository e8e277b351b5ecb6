import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { idColumn, moment } from '../../database/columns.js';
import type { TotpAlgorithm } from '../../options/factor-options.js';

/** The authenticator of an account, or one that is being set up until a code of it has confirmed it. */
@Entity('auth_totp')
export class TotpCredential {
  /** Of this enrolment: each has a row of its own. */
  @PrimaryColumn(idColumn('id'))
  id!: string;

  /** The newest enrolment of an account is its only one. */
  @Index('auth_totp_user', { unique: true })
  @Column(idColumn('user_id'))
  userId!: string;

  /** The secret in base32, sealed for this row. While it is being set up the session that has begun it is sealed with it. */
  @Column({ name: 'sealed', type: 'text' })
  sealed!: string;

  @Column({ name: 'algorithm', type: 'varchar', length: 8 })
  algorithm!: TotpAlgorithm;

  @Column({ name: 'digits', type: 'int' })
  digits!: number;

  /** Seconds of one time step. */
  @Column({ name: 'period', type: 'int' })
  period!: number;

  /** Time step of the last accepted code: only a later one passes. */
  @Column({ name: 'last_step', type: 'bigint', transformer: { to: (step: number) => step, from: Number } })
  lastStep!: number;

  @Column(moment('created_at'))
  createdAt!: number;

  /** `null`: it is being set up, and signs nobody in. */
  @Column(moment('confirmed_at', { nullable: true }))
  confirmedAt!: number | null;
}
