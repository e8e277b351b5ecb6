import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { exactText, idColumn, moment } from '../../database/columns.js';

/** What authenticators know an account by. */
@Entity('auth_passkey_users')
export class PasskeyUser {
  @PrimaryColumn(idColumn('user_id'))
  userId!: string;

  /** 32 random bytes, base64url. Stored and never derived: with another one, no passkey of the account would be found. */
  @Index('auth_passkey_users_handle', { unique: true })
  @Column(exactText('handle', 43))
  handle!: string;

  @Column(moment('created_at'))
  createdAt!: number;
}
