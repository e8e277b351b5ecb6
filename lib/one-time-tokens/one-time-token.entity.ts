import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { exactText, idColumn, moment } from '../database/columns.js';

/** The newest one-time token of an account for a purpose. A row per account and purpose, so that the newest wins. */
@Entity('auth_one_time_tokens')
export class OneTimeToken {
  @PrimaryColumn(idColumn('user_id'))
  userId!: string;

  @PrimaryColumn(exactText('purpose', 32))
  purpose!: string;

  /** First half of what is mailed: 128 random bits that find the row. */
  @Index('auth_one_time_tokens_token', { unique: true })
  @Column(exactText('token_id', 22))
  tokenId!: string;

  /** SHA-256 over purpose, token id and the 256 random bits of the second half. */
  @Column(exactText('hash', 43))
  hash!: string;

  /** The account's epoch when it was made: it dies with the next change of credentials. */
  @Column({ name: 'epoch', type: 'int' })
  epoch!: number;

  /** The canonical address of the account when it was made: it dies with the next change of address. */
  @Column({ name: 'address', type: 'varchar', length: 254 })
  address!: string;

  /** The address that it proves, as typed, where that is to be a new one. */
  @Column({ name: 'new_address', type: 'varchar', length: 254, nullable: true })
  newAddress!: string | null;

  /** Hash of what the browser that asked for it holds. */
  @Column({ name: 'binding', type: 'varchar', length: 43, nullable: true })
  binding!: string | null;

  @Column(moment('created_at'))
  createdAt!: number;

  @Column(moment('expires_at'))
  expiresAt!: number;

  @Column(moment('used_at', { nullable: true }))
  usedAt!: number | null;
}
