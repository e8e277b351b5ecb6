import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../../checklist/check.js';
import { Clock } from '../../common/clock.js';
import { DAY_MS } from '../../common/duration.js';
import { Database } from '../../database/database.js';
import { ApiKey } from './api-key.entity.js';

const UNUSED_FOR_MS = 90 * DAY_MS;
/** Counted no further: the database of a large application is not read through for it. */
const MOST_LOOKED_AT = 1_000;

/** Keys that nobody would miss. */
@Injectable()
export class ApiKeyChecks extends CheckSource {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'access.api-keys',
        title: 'API keys that nobody has used for 90 days are revoked',
        area: 'access',
        severity: 'note',
        source: 'OWASP API Security 2023 API9',
        work: 'asks',
        run: () => this.unused(),
      },
    ];
  }

  private async unused(): Promise<CheckOutcome> {
    const now = this.clock.now();
    const rows = await this.database.read((manager) =>
      manager
        .createQueryBuilder(ApiKey, 'k')
        .select('k.createdAt', 'createdAt')
        .addSelect('k.lastUsedAt', 'lastUsedAt')
        .where('k.endsAt > :now', { now })
        .orderBy('k.endsAt')
        .limit(MOST_LOOKED_AT)
        .getRawMany<{ createdAt: string | number; lastUsedAt: string | number | null }>(),
    );
    const unused = rows.filter(
      ({ createdAt, lastUsedAt }) => Number(lastUsedAt ?? createdAt) < now - UNUSED_FOR_MS,
    ).length;
    if (unused === 0) return passed;
    return {
      status: 'finding',
      evidence: { unused, lookedAt: rows.length },
      change:
        'Have their owners revoke them, or revoke them with ApiKeys.revoke: lastUsedAt of a key says when it was used.',
    };
  }
}
