import { Get } from '@nestjs/common';
import { AccountScope } from '../../../access/account-scope.policy.js';
import { Auth } from '../../../access/auth.decorators.js';
import { AuthController } from '../../../http/auth-controller.decorator.js';
import { ADMINISTRATOR } from '../../../roles/administrator.js';
import { RoleDirectory, type RoleView } from '../../../roles/role-directory.service.js';

/** Which roles there are. They are declared in the options: nothing here makes one. */
@AuthController('admin/roles')
@Auth({ roles: [ADMINISTRATOR], via: ['session', 'bearer'], policy: AccountScope })
export class RolesController {
  constructor(private readonly roles: RoleDirectory) {}

  @Get()
  async list(): Promise<{ items: readonly RoleView[]; nextCursor: null }> {
    return { items: await this.roles.list(), nextCursor: null };
  }
}
