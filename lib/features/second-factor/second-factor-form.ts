import { Injectable } from '@nestjs/common';
import { readOneOf } from '../../http/one-of.js';
import type { SecondFactor } from '../../second-factors/second-factor.js';
import { SecondFactors } from '../../second-factors/second-factors.service.js';
import type { Delivery } from '../../sign-in/delivery.js';
import { COMMON_FIELDS } from './second-factor.schemas.js';

/** A body that has been checked. */
export interface PresentedSecondFactor {
  readonly factor: SecondFactor;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly challenge: string;
  /** Default: the delivery of the sign-in that waits. */
  readonly deliver: Delivery | undefined;
  readonly deviceToken: string | undefined;
}

/** The body of `POST /second-factor`: a challenge and the fields of exactly one factor. */
@Injectable()
export class SecondFactorForm {
  constructor(private readonly factors: SecondFactors) {}

  /** Throws `VALIDATION_FAILED` (400). */
  async parse(body: unknown): Promise<PresentedSecondFactor> {
    const { carried: factor, fields: all } = await readOneOf(this.factors.all, COMMON_FIELDS, body);
    const { challenge, deliver, deviceToken, ...fields } = all;
    return {
      factor,
      fields,
      challenge: challenge as string,
      deliver: deliver as Delivery | undefined,
      deviceToken: deviceToken as string | undefined,
    };
  }
}
