import { Injectable } from '@nestjs/common';
import * as v from 'valibot';
import { METHODS } from '../../common/authentication-methods.js';
import { RecoveryCodes } from '../../second-factors/recovery-codes.service.js';
import {
  SecondFactor,
  type FactorStanding,
  type FactorVerdict,
  type PresentedFactor,
} from '../../second-factors/second-factor.js';

/** A recovery code in place of a factor that is lost. Having some makes no sign-in ask for one. */
@Injectable()
export class RecoveryCodeFactor extends SecondFactor {
  override readonly kind = 'recoveryCode';
  override readonly methods = [METHODS.recoveryCode];
  override readonly fields = { recoveryCode: v.string() };

  constructor(private readonly codes: RecoveryCodes) {
    super();
  }

  override async standingOf(userId: string): Promise<FactorStanding> {
    return (await this.codes.left(userId)) > 0 ? 'spare' : 'none';
  }

  override async stateOf(userId: string): Promise<Readonly<Record<string, unknown>>> {
    return { recoveryCodesLeft: await this.codes.left(userId) };
  }

  override async check({ userId, fields, client, locale }: PresentedFactor): Promise<FactorVerdict> {
    const typed = String(fields['recoveryCode']);
    const used = await this.codes.use({ userId, typed, client, locale });
    return used ? { method: METHODS.recoveryCode } : { refusal: 'INVALID_CODE' };
  }
}
