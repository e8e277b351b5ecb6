import { defineFeature } from '../define-feature.js';
import { EmailChangeComposer } from './email-change.composer.js';
import { EmailChange } from './email-change.service.js';
import { EmailVerification } from './email-verification.service.js';
import { EmailController } from './email.controller.js';
import { VerificationComposer } from './verification.composer.js';

export const email = defineFeature({
  name: 'email',
  controllers: [EmailController],
  providers: [EmailChange, EmailVerification],
  mails: [VerificationComposer, EmailChangeComposer],
});
