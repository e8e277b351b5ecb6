import { defineFeature } from '../define-feature.js';
import { TotpCredential } from './totp-credential.entity.js';
import { ENROLMENT_LIFE_MS, TotpCredentials, totpPlace } from './totp-credentials.service.js';
import { TotpEnrolment } from './totp-enrolment.service.js';
import { TotpController } from './totp.controller.js';
import { TotpFactor } from './totp.factor.js';

export const totp = defineFeature({
  name: 'totp',
  controllers: [TotpController],
  providers: [TotpCredentials, TotpEnrolment],
  entities: [TotpCredential],
  secondFactors: [TotpFactor],
  credentials: [{ entity: TotpCredential, signsIn: false }],
  sealed: [{ entity: TotpCredential, column: 'sealed', place: totpPlace }],
  remains: [
    {
      entity: TotpCredential,
      key: 'id',
      over: '(r.confirmedAt IS NULL AND r.createdAt < :before)',
      keptMs: ENROLMENT_LIFE_MS,
    },
  ],
});
