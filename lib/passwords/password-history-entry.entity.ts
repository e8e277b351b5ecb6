import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { idColumn, moment } from '../database/columns.js';

/** The hash of a password that an account had before, while `passwords.history` asks for it. */
@Entity('auth_password_history')
export class PasswordHistoryEntry {
  @PrimaryColumn(idColumn('id'))
  id!: string;

  @Index('auth_password_history_user')
  @Column(idColumn('user_id'))
  userId!: string;

  @Column({ name: 'hash', type: 'varchar', length: 255 })
  hash!: string;

  /** When it was replaced. */
  @Column(moment('created_at'))
  createdAt!: number;
}
