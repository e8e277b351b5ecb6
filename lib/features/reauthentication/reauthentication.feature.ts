import { StepUpMethods } from '../../access/step-up-methods.js';
import { defineFeature } from '../define-feature.js';
import { EmailCodePresence } from './email-code-presence.js';
import { PasswordPresence } from './password-presence.js';
import { PresenceProofs } from './presence-proofs.service.js';
import { ReauthenticationCodeComposer } from './reauthentication-code.composer.js';
import { ReauthenticationCodes } from './reauthentication-codes.service.js';
import { ReauthenticationForm } from './reauthentication-form.js';
import { ReauthenticationController } from './reauthentication.controller.js';
import { Reauthenticator } from './reauthenticator.service.js';

export const reauthentication = defineFeature({
  name: 'reauthentication',
  controllers: [ReauthenticationController],
  providers: [
    PresenceProofs,
    ReauthenticationForm,
    ReauthenticationCodes,
    Reauthenticator,
    { provide: StepUpMethods, useExisting: PresenceProofs },
  ],
  proofs: [PasswordPresence, EmailCodePresence],
  mails: [ReauthenticationCodeComposer],
});
