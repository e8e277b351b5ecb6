import { Column, Entity, PrimaryColumn } from 'typeorm';
import { exactText, idColumn, moment } from '../database/columns.js';

/** One recovery code of an account. All of them are replaced together. */
@Entity('auth_recovery_codes')
export class RecoveryCode {
  @PrimaryColumn(idColumn('user_id'))
  userId!: string;

  /** SHA-256 over purpose, user id and the 120 random bits. */
  @PrimaryColumn(exactText('hash', 43))
  hash!: string;

  @Column(moment('created_at'))
  createdAt!: number;

  @Column(moment('used_at', { nullable: true }))
  usedAt!: number | null;
}
