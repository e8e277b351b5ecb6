import { defineFeature } from '../define-feature.js';
import { CurrentSession } from './current-session.service.js';
import { LoginController } from './login.controller.js';
import { Logout } from './logout.service.js';
import { PasswordRecord } from './password-record.service.js';
import { PasswordSignIn } from './password-sign-in.service.js';

export const login = defineFeature({
  name: 'login',
  controllers: [LoginController],
  providers: [PasswordSignIn, PasswordRecord, Logout, CurrentSession],
});
