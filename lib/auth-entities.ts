import type { Type } from '@nestjs/common';
import { FEATURES } from './features.js';
import type { AuthStructure } from './options/auth-options.js';
import { LockRow } from './database/lock-row.entity.js';
import { AuditRow } from './events/audit-row.entity.js';
import { IpRule } from './ip-rules/ip-rule.entity.js';
import { JobRow } from './jobs/job-row.entity.js';
import { OutboxEntry } from './mail/outbox-entry.entity.js';
import { OneTimeToken } from './one-time-tokens/one-time-token.entity.js';
import { PasswordHistoryEntry } from './passwords/password-history-entry.entity.js';
import { UserRole } from './roles/user-role.entity.js';
import { RecoveryCode } from './second-factors/recovery-code.entity.js';
import { LoginSession } from './sessions/login-session.entity.js';
import { Account } from './users/account.entity.js';

/**
 * Every entity that `AuthModule` needs, for a `DataSource` without `autoLoadEntities`, and for migrations.
 *
 * @example
 * TypeOrmModule.forRoot({ entities: [...authEntities({ userEntity: User }), Note] })
 */
export function authEntities({ userEntity }: Pick<AuthStructure, 'userEntity'>): Type[] {
  const kernel = [
    Account,
    UserRole,
    LoginSession,
    AuditRow,
    JobRow,
    OutboxEntry,
    OneTimeToken,
    PasswordHistoryEntry,
    RecoveryCode,
    LockRow,
    IpRule,
  ];
  return [userEntity, ...kernel, ...FEATURES.flatMap(({ entities = [] }) => entities)];
}
