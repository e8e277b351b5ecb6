import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.js';
import { AuthSettings } from '../options/auth-settings.js';
import { ADMINISTRATOR } from './administrator.js';
import { RoleGrants } from './role-grants.js';
import { UserRole } from './user-role.entity.js';

/** One role that the options declare, or that somebody has. */
export interface RoleView {
  readonly name: string;
  /** What `roles.grants` grants it. */
  readonly permissions: readonly string[];
  /** Whether new users get it. */
  readonly isDefault: boolean;
  /** Whether the options name it: only such a role can be assigned at the admin routes. */
  readonly isDeclared: boolean;
  /** Users who have it, counted up to 1,000. */
  readonly users: number;
  /** Whether there are more than `users`. */
  readonly more: boolean;
}

/** One role of one user. */
export interface AssignedRole {
  readonly role: string;
  readonly permissions: readonly string[];
  readonly assignedAt: Date;
}

const MOST_COUNTED = 1_000;
/** Of those that nobody has declared. */
const MOST_ROLES = 100;

/** Which roles there are, what they grant, and who has them. */
@Injectable()
export class RoleDirectory {
  constructor(
    private readonly database: Database,
    private readonly grants: RoleGrants,
    private readonly settings: AuthSettings,
  ) {}

  /** Roles of `roles.grants` and `roles.default`, and the administrator's. */
  get declared(): readonly string[] {
    const { grants, default: byDefault } = this.settings.roles;
    return [...new Set([ADMINISTRATOR, ...Object.keys(grants), ...byDefault])].sort();
  }

  /** Every role that is declared or assigned, by name. */
  list(): Promise<readonly RoleView[]> {
    return this.database.read(async (manager) => {
      const { declared } = this;
      const names = [...new Set([...declared, ...(await this.assigned(manager))])].sort();
      const views: RoleView[] = [];
      for (const name of names) {
        const counted = await this.count(manager, name);
        views.push({
          name,
          permissions: this.grants.permissionsOf([name]),
          isDefault: this.settings.roles.default.includes(name),
          isDeclared: declared.includes(name),
          users: Math.min(counted, MOST_COUNTED),
          more: counted > MOST_COUNTED,
        });
      }
      return views;
    });
  }

  /** The roles of one user, by name. */
  async of(userId: string): Promise<readonly AssignedRole[]> {
    const rows = await this.database.read((manager) =>
      manager.find(UserRole, { where: { userId }, order: { role: 'ASC' } }),
    );
    return rows.map(({ role, assignedAt }) => ({
      role,
      permissions: this.grants.permissionsOf([role]),
      assignedAt: new Date(assignedAt),
    }));
  }

  /** From one name to the next by the index: all rows together would be as many as there are users. */
  private async assigned(manager: EntityManager): Promise<readonly string[]> {
    const names: string[] = [];
    for (let last = ''; names.length < MOST_ROLES;) {
      const row = await manager
        .createQueryBuilder(UserRole, 'r')
        .select('r.role', 'role')
        .where('r.role > :last', { last })
        .orderBy('r.role')
        .limit(1)
        .getRawOne<{ role: string }>();
      if (row === undefined) break;
      names.push(row.role);
      last = row.role;
    }
    return names;
  }

  private async count(manager: EntityManager, role: string): Promise<number> {
    const rows = await manager
      .createQueryBuilder(UserRole, 'r')
      .select('r.userId', 'userId')
      .where('r.role = :role', { role })
      // Or a database may find it cheaper to read the table until it has as many.
      .orderBy('r.userId')
      .limit(MOST_COUNTED + 1)
      .getRawMany();
    return rows.length;
  }
}
