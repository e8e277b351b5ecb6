import { Column, Entity, PrimaryColumn } from 'typeorm';
import { exactText, idColumn, moment } from '../database/columns.js';

/** One role of one user. */
@Entity('auth_user_roles')
export class UserRole {
  @PrimaryColumn(idColumn('user_id'))
  userId!: string;

  @PrimaryColumn(exactText('role', 64))
  role!: string;

  @Column(moment('assigned_at'))
  assignedAt!: number;
}
