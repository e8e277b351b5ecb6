import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { exactText, idColumn, moment } from '../database/columns.js';
import type { EventDetails, EventOutcome } from './auth-event.js';
import type { AuthEventType } from './event-catalogue.js';

/** One event of the audit trail: written with the change that it records, never changed afterwards. */
@Entity('auth_audit')
@Index('auth_audit_subject', ['subjectId', 'at'])
@Index('auth_audit_type', ['type', 'at'])
@Index('auth_audit_actor', ['actorId', 'at'])
@Index('auth_audit_outcome', ['outcome', 'at'])
@Index('auth_audit_address', ['address', 'at'])
@Index('auth_audit_impersonator', ['impersonatorId', 'at'])
export class AuditRow {
  @PrimaryColumn(idColumn('id'))
  id!: string;

  @Index('auth_audit_at')
  @Column(moment('at'))
  at!: number;

  @Column({ name: 'type', type: 'varchar', length: 64 })
  type!: AuthEventType;

  @Column({ name: 'outcome', type: 'varchar', length: 8 })
  outcome!: EventOutcome;

  @Column({ ...idColumn('actor_id'), nullable: true })
  actorId!: string | null;

  /** The administrator who acted as `actorId`. */
  @Column({ ...idColumn('impersonator_id'), nullable: true })
  impersonatorId!: string | null;

  @Column({ ...idColumn('subject_id'), nullable: true })
  subjectId!: string | null;

  @Column({ ...idColumn('session_id'), nullable: true })
  sessionId!: string | null;

  /** Keyed digest of what was named by somebody who was not signed in. Erased with the account that has the address. */
  @Index('auth_audit_identifier')
  @Column({ ...exactText('identifier', 43), nullable: true })
  identifier!: string | null;

  /** Client address. Erased with the account of its subject. */
  @Column({ name: 'address', type: 'varchar', length: 45, nullable: true })
  address!: string | null;

  @Column({ name: 'user_agent', type: 'varchar', length: 256, nullable: true })
  userAgent!: string | null;

  @Column({ name: 'details', type: 'simple-json' })
  details!: EventDetails;
}
