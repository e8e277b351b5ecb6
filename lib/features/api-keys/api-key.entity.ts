import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { exactText, idColumn, moment } from '../../database/columns.js';

/** An API key of a user, without what would let anybody use it. */
@Entity('auth_api_keys')
@Index('auth_api_keys_user', ['userId', 'endsAt'])
export class ApiKey {
  /** UUID version 7. Stands in the key, without its dashes. */
  @PrimaryColumn(idColumn('id'))
  id!: string;

  @Column(idColumn('user_id'))
  userId!: string;

  /** The owner's name for it. */
  @Column({ name: 'name', type: 'varchar', length: 80 })
  name!: string;

  /** What stands between `gk_` and the id. */
  @Column({ name: 'label', type: 'varchar', length: 16 })
  label!: string;

  /** SHA-256 over the id and the whole key. */
  @Column(exactText('hash', 43))
  hash!: string;

  /** What it is limited to. `null`: to whatever its owner may be granted. */
  @Column({ name: 'scopes', type: 'simple-json', nullable: true })
  scopes!: readonly string[] | null;

  @Column(moment('created_at'))
  createdAt!: number;

  @Column(moment('expires_at'))
  expiresAt!: number;

  @Column(moment('paused_at', { nullable: true }))
  pausedAt!: number | null;

  /** When it is over for good: `expiresAt`, or when it was revoked before. */
  @Index('auth_api_keys_ends')
  @Column(moment('ends_at'))
  endsAt!: number;

  /** Exact to a minute. */
  @Column(moment('last_used_at', { nullable: true }))
  lastUsedAt!: number | null;

  @Column({ name: 'last_used_ip', type: 'varchar', length: 45, nullable: true })
  lastUsedIp!: string | null;
}
