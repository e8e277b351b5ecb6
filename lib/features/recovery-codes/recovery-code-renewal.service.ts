import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../../common/client-address.js';
import type { Principal } from '../../common/principal.js';
import { AuthError } from '../../errors/auth-error.js';
import { FactorChanges, type RenewedSession } from '../../second-factors/factor-changes.service.js';
import { RecoveryCodes } from '../../second-factors/recovery-codes.service.js';
import { SecondFactors } from '../../second-factors/second-factors.service.js';

export interface NewRecoveryCodes {
  readonly renewed: RenewedSession;
  readonly recoveryCodes: readonly string[];
}

/** A new set of recovery codes for somebody who has a second factor that they stand in for. */
@Injectable()
export class RecoveryCodeRenewal {
  constructor(
    private readonly codes: RecoveryCodes,
    private readonly factors: SecondFactors,
    private readonly changes: FactorChanges,
  ) {}

  /**
   * Throws `ENROLMENT_REQUIRED` (403) for an account without another second factor, and `NOT_AUTHENTICATED` (401) when the
   * session has ended meanwhile.
   */
  async renew(who: Principal, client: ClientInfo, locale: string): Promise<NewRecoveryCodes> {
    if ((await this.factors.usableBy(who.userId)).length === 0) throw new AuthError('ENROLMENT_REQUIRED');
    const recoveryCodes = this.codes.make();
    const renewed = await this.changes.apply({
      who,
      client,
      locale,
      event: 'recovery_codes.replaced',
      notice: 'recovery-codes-replaced',
      work: async (manager) => {
        await this.codes.replace(manager, who.userId, recoveryCodes);
        return true;
      },
    });
    if (typeof renewed === 'string') throw new AuthError('NOT_AUTHENTICATED');
    return { renewed, recoveryCodes };
  }
}
