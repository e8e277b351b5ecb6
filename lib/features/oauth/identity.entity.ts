import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { exactText, idColumn, moment } from '../../database/columns.js';

/** An account of another provider that signs in to one of ours. Issuer and subject name it, and never its address. */
@Entity('auth_identities')
@Index('auth_identities_subject', ['issuer', 'subject'], { unique: true })
@Index('auth_identities_user', ['userId', 'id'])
export class Identity {
  @PrimaryColumn(idColumn('id'))
  id!: string;

  @Column(idColumn('user_id'))
  userId!: string;

  /** Its name in `oauth.providers`, for people. */
  @Column({ name: 'provider', type: 'varchar', length: 64 })
  provider!: string;

  @Column(exactText('issuer', 255))
  issuer!: string;

  @Column(exactText('subject', 255))
  subject!: string;

  /** As the provider last named it, proven or not. */
  @Column({ name: 'email', type: 'varchar', length: 254, nullable: true })
  email!: string | null;

  @Column({ name: 'name', type: 'varchar', length: 200, nullable: true })
  name!: string | null;

  /** The provider's tokens as JSON, sealed for this row, where `storeTokens` is on. */
  @Column({ name: 'tokens', type: 'text', nullable: true })
  tokens!: string | null;

  @Column(moment('created_at'))
  createdAt!: number;

  @Column(moment('last_used_at'))
  lastUsedAt!: number;
}
