import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { exactText, idColumn, moment } from '../database/columns.js';

/** One record behind a session cookie, or behind a family of tokens: revoking it ends all that it stands for. */
@Entity('auth_sessions')
@Index('auth_sessions_user', ['userId', 'createdAt'])
export class LoginSession {
  /** UUID version 7: the public id. Signs nobody in. */
  @PrimaryColumn(idColumn('id'))
  id!: string;

  /** 128 random bits; together with its MAC the credential (ASVS 5.0 V7.2.3). */
  @Index('auth_sessions_sid', { unique: true })
  @Column(exactText('sid', 22))
  sid!: string;

  @Column(idColumn('user_id'))
  userId!: string;

  /** The account's epoch that was read before the credential was checked. Another one means a dead session. */
  @Column({ name: 'epoch', type: 'int' })
  epoch!: number;

  @Column(moment('created_at'))
  createdAt!: number;

  @Column(moment('last_seen_at'))
  lastSeenAt!: number;

  /** Absolute end. */
  @Index('auth_sessions_expires')
  @Column(moment('expires_at'))
  expiresAt!: number;

  /** Longest time between two requests, in ms. */
  @Column({ name: 'idle_ms', type: 'bigint', transformer: { to: (v: number) => v, from: Number } })
  idleMs!: number;

  @Column(moment('authenticated_at'))
  authenticatedAt!: number;

  @Column(moment('fresh_until'))
  freshUntil!: number;

  /** The administrator who acts as the user in it. Such a session is never fresh and cannot be renewed. */
  @Column({ ...idColumn('impersonator_id'), nullable: true })
  impersonatorId!: string | null;

  /** Public id of the administrator's session in which that began: it does not outlive it. */
  @Index('auth_sessions_impersonator')
  @Column({ ...idColumn('impersonator_session_id'), nullable: true })
  impersonatorSessionId!: string | null;

  /** RFC 8176 names of the methods that proved the identity. */
  @Column({ name: 'methods', type: 'simple-json' })
  methods!: string[];

  @Column({ name: 'remember', type: 'boolean' })
  remember!: boolean;

  /** What the CSRF token is a MAC of. */
  @Column({ name: 'csrf_seed', type: 'varchar', length: 22 })
  csrfSeed!: string;

  @Column({ name: 'ip', type: 'varchar', length: 45 })
  ip!: string;

  @Column({ name: 'user_agent', type: 'varchar', length: 256 })
  userAgent!: string;

  /**
   * The refresh token that is current: each rotation adds 1, so that every earlier one stays detectable. `null` for a cookie
   * session, which has none.
   */
  @Column({ name: 'generation', type: 'int', nullable: true })
  generation!: number | null;

  @Column(moment('rotated_at', { nullable: true }))
  rotatedAt!: number | null;

  /** Scopes that were granted to the tokens. `null` for a cookie session, which is not limited by scopes. */
  @Column({ name: 'scopes', type: 'simple-json', nullable: true })
  scopes!: string[] | null;

  @Index('auth_sessions_revoked')
  @Column(moment('revoked_at', { nullable: true }))
  revokedAt!: number | null;
}
