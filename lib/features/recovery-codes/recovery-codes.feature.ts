import { RecoveryCode } from '../../second-factors/recovery-code.entity.js';
import { defineFeature } from '../define-feature.js';
import { RecoveryCodeFactor } from './recovery-code.factor.js';
import { RecoveryCodeRenewal } from './recovery-code-renewal.service.js';
import { RecoveryCodesController } from './recovery-codes.controller.js';

export const recoveryCodes = defineFeature({
  name: 'recovery-codes',
  controllers: [RecoveryCodesController],
  providers: [RecoveryCodeRenewal],
  secondFactors: [RecoveryCodeFactor],
  credentials: [{ entity: RecoveryCode, signsIn: false }],
});
