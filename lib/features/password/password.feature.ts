import { defineFeature } from '../define-feature.js';
import { OwnPassword } from './own-password.service.js';
import { PasswordForgotComposer } from './password-forgot.composer.js';
import { PasswordLinkComposer } from './password-link.composer.js';
import { PasswordRecoveryController } from './password-recovery.controller.js';
import { PasswordReset } from './password-reset.service.js';
import { PasswordController } from './password.controller.js';

export const password = defineFeature({
  name: 'password',
  controllers: [PasswordRecoveryController, PasswordController],
  providers: [OwnPassword, PasswordReset],
  mails: [PasswordForgotComposer, PasswordLinkComposer],
});
