import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { idColumn, moment } from '../database/columns.js';

/**
 * What Gatehouse itself keeps of a user, so that a user table needs no column for it. A missing row means epoch 0 and is
 * inserted at the first sign-in.
 */
@Entity('auth_accounts')
export class Account {
  @PrimaryColumn(idColumn('user_id'))
  userId!: string;

  /** Raised by whatever must end every session, challenge and token of the account. */
  @Column({ name: 'epoch', type: 'int', default: 0 })
  epoch!: number;

  /** Its update is the row lock under which sessions of the account are counted. */
  @Column({ name: 'session_seq', type: 'int', default: 0 })
  sessionSeq!: number;

  /** Wrong passwords from unknown browsers since the last complete sign-in. */
  @Column({ name: 'failed_in_row', type: 'int', default: 0 })
  failedInRow!: number;

  /** The same from browsers known to the account. */
  @Column({ name: 'failed_in_row_known', type: 'int', default: 0 })
  failedInRowKnown!: number;

  @Index('auth_accounts_disabled')
  @Column(moment('disabled_at', { nullable: true }))
  disabledAt!: number | null;

  /** When the address was registered once more before anybody had proven it. Proving it drops what was set before. */
  @Column(moment('contested_at', { nullable: true }))
  contestedAt!: number | null;

  /** Only where the user table has no column for it. Never selected unless asked for. */
  @Column({ name: 'password_hash', type: 'varchar', length: 255, nullable: true, select: false })
  passwordHash?: string | null;

  /** Epoch ms. Only where the user table has no column for it. */
  @Column(moment('email_verified_at', { nullable: true }))
  emailVerifiedAt!: number | null;

  /** Epoch ms. Only where the user table has no column for it. */
  @Column(moment('created_at', { nullable: true }))
  createdAt!: number | null;
}
