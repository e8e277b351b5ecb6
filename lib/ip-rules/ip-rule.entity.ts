import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { exactText, idColumn, moment } from '../database/columns.js';

/** `block` beats `allow`. */
export type IpRuleAction = 'block' | 'allow';

/** One rule for the addresses of clients. */
@Entity('auth_ip_rules')
@Index('auth_ip_rules_network', ['network', 'action'], { unique: true })
@Index('auth_ip_rules_expires', ['expiresAt'])
export class IpRule {
  /** UUID version 7. */
  @PrimaryColumn(idColumn('id'))
  id!: string;

  /** An address, or a network such as `192.0.2.0/24`, in its canonical form. */
  @Column(exactText('network', 43))
  network!: string;

  @Column(exactText('action', 5))
  action!: IpRuleAction;

  /** What it is for, in the words of whoever added it. */
  @Column({ name: 'note', type: 'varchar', length: 200, nullable: true })
  note!: string | null;

  @Column(moment('created_at'))
  createdAt!: number;

  /** From then on it does not count. `null`: never. */
  @Column(moment('expires_at', { nullable: true }))
  expiresAt!: number | null;
}
