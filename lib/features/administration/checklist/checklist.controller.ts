import { Get } from '@nestjs/common';
import { Auth } from '../../../access/auth.decorators.js';
import { Checklist } from '../../../checklist/checklist.js';
import type { ChecklistReport } from '../../../checklist/report.js';
import { AuthController } from '../../../http/auth-controller.decorator.js';

@AuthController('admin/checklist')
@Auth({ roles: ['admin'] })
export class ChecklistController {
  constructor(private readonly checklist: Checklist) {}

  /** The last result: asking often costs nothing. */
  @Get()
  async read(): Promise<ChecklistReport> {
    return this.checklist.last() ?? this.checklist.report();
  }
}
