import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ADMINISTRATOR } from '../roles/administrator.js';
import { RoleGrants } from '../roles/role-grants.js';
import { UserRole } from '../roles/user-role.entity.js';
import { Account } from '../users/account.entity.js';
import { UserTable } from '../users/user-table.js';
import { LoginSession } from './login-session.entity.js';

export interface ActingAs {
  readonly impersonatorId: string;
  readonly impersonatorSessionId: string | null;
  /** Of the user who is acted as. */
  readonly roles: readonly string[];
}

/** Whether an administrator who acts as somebody else still may. */
@Injectable()
export class Impersonators {
  constructor(
    private readonly users: UserTable,
    private readonly grants: RoleGrants,
  ) {}

  /**
   * Not once the session in which it began is revoked, or of an account that is disabled, gone, of another epoch or no
   * administrator's any more; nor once the user is an administrator too.
   */
  async mayGoOn(manager: EntityManager, { impersonatorId, impersonatorSessionId, roles }: ActingAs): Promise<boolean> {
    const key = this.users.keyOf(impersonatorId);
    if (key === undefined || impersonatorSessionId === null || this.grants.administers(roles)) return false;
    return manager
      .createQueryBuilder(LoginSession, 's')
      .innerJoin(this.users.entity, 'u', `${this.users.path('id')} = :key`, { key })
      .innerJoin(Account, 'a', 'a.userId = s.userId AND a.epoch = s.epoch AND a.disabledAt IS NULL')
      .innerJoin(UserRole, 'r', 'r.userId = s.userId AND r.role = :role', { role: ADMINISTRATOR })
      .where('s.id = :impersonatorSessionId AND s.userId = :impersonatorId', { impersonatorSessionId, impersonatorId })
      .andWhere('s.revokedAt IS NULL AND s.impersonatorId IS NULL')
      .getExists();
  }
}
