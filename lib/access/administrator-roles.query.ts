import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { AuthSettings } from '../options/auth-settings.js';
import { ADMINISTRATOR } from '../roles/administrator.js';
import { UserRole } from '../roles/user-role.entity.js';

/** Who may do everything: the role that the administration routes ask for, and roles that grant `*`. */
@Injectable()
export class AdministratorRoles {
  constructor(
    private readonly database: Database,
    private readonly settings: AuthSettings,
  ) {}

  get roles(): readonly string[] {
    const grants = Object.entries(this.settings.roles.grants);
    return [
      ...new Set([ADMINISTRATOR, ...grants.filter(([, granted]) => granted.includes('*')).map(([role]) => role)]),
    ];
  }

  /** Ids of users who have one of the roles, in no order. */
  async holdersOf(roles: readonly string[], limit: number): Promise<readonly string[]> {
    const rows = await this.database.read((manager) =>
      manager
        .createQueryBuilder(UserRole, 'r')
        .select('r.userId', 'userId')
        .distinct(true)
        .where('r.role IN (:...roles)', { roles: [...roles] })
        .limit(limit)
        .getRawMany<{ readonly userId: string }>(),
    );
    return rows.map(({ userId }) => userId);
  }
}
