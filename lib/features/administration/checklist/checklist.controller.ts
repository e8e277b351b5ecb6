import { Get } from '@nestjs/common';
import { AccountScope } from '../../../access/account-scope.policy.js';
import { Auth } from '../../../access/auth.decorators.js';
import { MINUTE_MS } from '../../../common/duration.js';
import { Checklist } from '../../../checklist/checklist.js';
import type { ChecklistReport } from '../../../checklist/report.js';
import { AuthController } from '../../../http/auth-controller.decorator.js';

const RECENT_MS = 10 * MINUTE_MS;

@AuthController('admin/checklist')
@Auth({ roles: ['admin'], policy: AccountScope })
export class ChecklistController {
  constructor(private readonly checklist: Checklist) {}

  /** A result at most ten minutes old: asking often costs nothing. */
  @Get()
  read(): Promise<ChecklistReport> {
    return this.checklist.recent(RECENT_MS);
  }
}
