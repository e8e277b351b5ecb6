import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { exactText, idColumn, moment } from '../database/columns.js';

/** One role of one user. */
@Entity('auth_user_roles')
@Index('auth_user_roles_role', ['role', 'userId'])
export class UserRole {
  @PrimaryColumn(idColumn('user_id'))
  userId!: string;

  @PrimaryColumn(exactText('role', 64))
  role!: string;

  @Column(moment('assigned_at'))
  assignedAt!: number;
}
