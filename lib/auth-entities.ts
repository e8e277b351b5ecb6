import type { Type } from '@nestjs/common';
import { FEATURES } from './features.js';
import type { AuthStructure } from './options/auth-options.js';
import { UserRole } from './roles/user-role.entity.js';
import { LoginSession } from './sessions/login-session.entity.js';
import { Account } from './users/account.entity.js';

/**
 * Every entity that `AuthModule` needs, for a `DataSource` without `autoLoadEntities`, and for migrations.
 *
 * @example
 * TypeOrmModule.forRoot({ entities: [...authEntities({ userEntity: User }), Note] })
 */
export function authEntities({ userEntity }: Pick<AuthStructure, 'userEntity'>): Type[] {
  return [userEntity, Account, UserRole, LoginSession, ...FEATURES.flatMap(({ entities = [] }) => entities)];
}
