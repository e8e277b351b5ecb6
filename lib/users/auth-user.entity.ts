import { Column, Index, PrimaryColumn } from 'typeorm';
import { exactText, moment } from '../database/columns.js';

/**
 * What the application's own user entity extends. Add columns and relations as you like; the ones here are written by
 * Gatehouse alone.
 *
 * @example
 * \@Entity('users')
 * export class User extends AuthUser {
 *   \@Column({ type: 'varchar', length: 80, nullable: true }) displayName: string | null = null;
 * }
 */
export abstract class AuthUser {
  /** UUID version 7. Foreign keys of the application refer to it, so that its collation stays the table's. */
  @PrimaryColumn({ name: 'id', type: 'varchar', length: 36 })
  id!: string;

  /** The address as it was typed: mail goes there. */
  @Column({ name: 'email', type: 'varchar', length: 254 })
  email!: string;

  /** Trimmed, NFC, lower case: what makes an address unique. */
  @Index('auth_user_email_canonical', { unique: true })
  @Column(exactText('email_canonical', 254))
  emailCanonical!: string;

  /** Epoch ms of the proof of the address; `null` while it is unproven. */
  @Column(moment('email_verified_at', { nullable: true }))
  emailVerifiedAt!: number | null;

  /** Never selected unless asked for. `null` for an account that signs in without a password. */
  @Column({ name: 'password_hash', type: 'varchar', length: 255, nullable: true, select: false })
  passwordHash?: string | null;

  /** Epoch ms. */
  @Column(moment('created_at'))
  createdAt!: number;
}

/** Columns that no request and no option may set. */
export const OWNED_COLUMNS = [
  'id',
  'email',
  'emailCanonical',
  'emailVerifiedAt',
  'passwordHash',
  'createdAt',
  'roles',
] as const;
