import { defineFeature } from '../define-feature.js';
import { EmailCodeRequests } from './email-code-requests.service.js';
import { EmailCodeSignIn } from './email-code-sign-in.service.js';
import { EmailCodeComposer } from './email-code.composer.js';
import { EmailCodeController } from './email-code.controller.js';

export const emailCode = defineFeature({
  name: 'email-code',
  controllers: [EmailCodeController],
  providers: [EmailCodeRequests, EmailCodeSignIn],
  mails: [EmailCodeComposer],
});
