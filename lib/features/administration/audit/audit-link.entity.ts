import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { exactText, idColumn, moment } from '../../../database/columns.js';

/** The place of one event in the chain of hashes. Its primary key is what two instances cannot both take. */
@Entity('auth_audit_chain')
export class AuditLink {
  /** From 1, without a gap. */
  @PrimaryColumn({ name: 'seq', type: 'int' })
  seq!: number;

  /** Of the event. */
  @Index('auth_audit_chain_audit', { unique: true })
  @Column(idColumn('audit_id'))
  auditId!: string;

  /** When the event happened. */
  @Index('auth_audit_chain_at')
  @Column(moment('at'))
  at!: number;

  /** SHA-256 of the hash before it and the event, as base64url. */
  @Column(exactText('hash', 43))
  hash!: string;
}
