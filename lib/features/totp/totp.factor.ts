import { Injectable } from '@nestjs/common';
import * as v from 'valibot';
import { METHODS } from '../../common/authentication-methods.js';
import { Clock } from '../../common/clock.js';
import {
  SecondFactor,
  type FactorStanding,
  type FactorVerdict,
  type PresentedFactor,
} from '../../second-factors/second-factor.js';
import { stepOfCode } from './totp-codes.js';
import { TotpCredentials } from './totp-credentials.service.js';

/** A code of an authenticator. An account that has one is asked for it at every sign-in. */
@Injectable()
export class TotpFactor extends SecondFactor {
  override readonly kind = 'code';
  override readonly methods = [METHODS.authenticator];
  override readonly fields = { code: v.string() };

  constructor(
    private readonly credentials: TotpCredentials,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async standingOf(userId: string): Promise<FactorStanding> {
    return (await this.credentials.isEnabled(userId)) ? 'demanding' : 'none';
  }

  override async stateOf(userId: string): Promise<Readonly<Record<string, unknown>>> {
    return { totp: await this.credentials.isEnabled(userId) };
  }

  override async check({ userId, fields }: PresentedFactor): Promise<FactorVerdict> {
    const credential = await this.credentials.enabledOf(userId);
    if (credential === undefined) return { refusal: 'INVALID_CODE' };
    const step = stepOfCode(String(fields['code']), credential, this.clock.now());
    const used = step !== undefined && (await this.credentials.use(credential.id, step));
    return used ? { method: METHODS.authenticator } : { refusal: 'INVALID_CODE' };
  }
}
