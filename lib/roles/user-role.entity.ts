import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, moment } from '../database/columns.js';

/** One role of one user. */
@Entity('auth_user_roles')
export class UserRole {
  @PrimaryColumn(idColumn('user_id'))
  userId!: string;

  @PrimaryColumn({ name: 'role', type: 'varchar', length: 64 })
  role!: string;

  @Column(moment('assigned_at'))
  assignedAt!: number;
}
