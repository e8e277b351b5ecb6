import { Get, HttpCode, Post, Query } from '@nestjs/common';
import { AccountScope } from '../../../access/account-scope.policy.js';
import { actorOf } from '../../../access/actor.js';
import { Auth } from '../../../access/auth.decorators.js';
import { CurrentPrincipal } from '../../../access/principal.decorators.js';
import { ClientAddresses } from '../../../attempts/client-addresses.service.js';
import { Clock } from '../../../common/clock.js';
import { DAY_MS } from '../../../common/duration.js';
import type { Principal } from '../../../common/principal.js';
import { AuthController } from '../../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../../http/exchange.decorator.js';
import { Input } from '../../../http/input.decorator.js';
import { noFieldsSchema } from '../../../http/no-fields.schema.js';
import type { AuditChainProof } from './audit-proof.service.js';
import { AuditRetention, type AuditRetentionView } from './audit-retention.service.js';
import { auditQuery, moment, onlyKnown, wholeNumber } from './audit.schemas.js';
import type { AuditSummary } from './audit-statistics.service.js';
import { AuditTrail } from './audit-trail.service.js';
import type { AuditPage } from './audit-view.js';

const USUAL_MS = 7 * DAY_MS;
const MOST_LINKS = 10_000;
const LAST_SEQ = 2_147_483_647;

type Parameters = Readonly<Record<string, unknown>>;

/** The audit trail, for administrators. */
@AuthController('admin/audit')
@Auth({ roles: ['admin'], via: ['session', 'bearer'], policy: AccountScope })
export class AuditController {
  constructor(
    private readonly trail: AuditTrail,
    private readonly retention: AuditRetention,
    private readonly addresses: ClientAddresses,
    private readonly clock: Clock,
  ) {}

  @Get()
  list(@Query() parameters: Parameters): Promise<AuditPage> {
    return this.trail.list(auditQuery(parameters));
  }

  @Get('failed-sign-ins')
  failedSignIns(@Query() { type, ...parameters }: Parameters): Promise<AuditPage> {
    onlyKnown(type === undefined ? {} : { type }, []);
    return this.trail.failedSignIns(auditQuery(parameters));
  }

  /** Of the last seven days, unless told otherwise. */
  @Get('statistics')
  statistics(@Query() parameters: Parameters): Promise<AuditSummary> {
    onlyKnown(parameters, ['from', 'to']);
    const to = moment('to', parameters['to']) ?? new Date(this.clock.now() + 1);
    return this.trail.summary(moment('from', parameters['from']) ?? new Date(to.getTime() - USUAL_MS), to);
  }

  @Get('chain')
  chain(@Query() parameters: Parameters): Promise<AuditChainProof> {
    onlyKnown(parameters, ['from', 'limit']);
    return this.trail.verify(
      wholeNumber('from', parameters['from'], LAST_SEQ),
      wholeNumber('limit', parameters['limit'], MOST_LINKS),
    );
  }

  @Get('retention')
  readRetention(): Promise<AuditRetentionView> {
    return this.retention.read();
  }

  /** Deletes now what is older than `audit.retention`, as the job would. */
  @Post('retention')
  @HttpCode(200)
  @Auth({ fresh: true })
  async enforceRetention(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request }: HttpExchange,
    @Input(noFieldsSchema) _input: unknown,
  ): Promise<{ deleted: number }> {
    return { deleted: await this.retention.enforce({ ...actorOf(who), client: this.addresses.of(request) }) };
  }
}
