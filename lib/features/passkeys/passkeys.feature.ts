import { defineFeature } from '../define-feature.js';
import { PasskeyAssertions } from './passkey-assertions.service.js';
import { PasskeyAuthenticationController } from './passkey-authentication.controller.js';
import { PasskeyChallenges } from './passkey-challenges.service.js';
import { PasskeyManagement } from './passkey-management.service.js';
import { PasskeyRegistration } from './passkey-registration.service.js';
import { PasskeyRequests } from './passkey-requests.service.js';
import { PasskeySignIn } from './passkey-sign-in.service.js';
import { PasskeyUser } from './passkey-user.entity.js';
import { Passkey } from './passkey.entity.js';
import { PasskeyFactor } from './passkey.factor.js';
import { PasskeyChecks } from './passkeys.checks.js';
import { PasskeysController } from './passkeys.controller.js';
import { Passkeys } from './passkeys.service.js';
import { WebAuthn } from './webauthn.service.js';

export const passkeys = defineFeature({
  name: 'passkeys',
  controllers: [PasskeysController, PasskeyAuthenticationController],
  providers: [
    WebAuthn,
    Passkeys,
    PasskeyChallenges,
    PasskeyAssertions,
    PasskeyRegistration,
    PasskeyManagement,
    PasskeySignIn,
    PasskeyRequests,
  ],
  entities: [Passkey, PasskeyUser],
  secondFactors: [PasskeyFactor],
  credentials: [{ entity: Passkey, signsIn: true, unless: 'clonedAt' }],
  checks: [PasskeyChecks],
});
