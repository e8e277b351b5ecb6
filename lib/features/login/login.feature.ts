import { defineFeature } from '../define-feature.js';
import { CurrentSession } from './current-session.service.js';
import { LoginController } from './login.controller.js';
import { Logout } from './logout.service.js';

export const login = defineFeature({
  name: 'login',
  controllers: [LoginController],
  providers: [Logout, CurrentSession],
});
